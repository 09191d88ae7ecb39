/*
 * Digests that another thread computes; those of Node take the thread that runs JavaScript. The OpenSSL is the one inside of Node, which
 * offers it to addons.
 */
#define NAPI_VERSION 8
#include "hash.h"
#include <openssl/evp.h>
#include <stdlib.h>

/* One chunk on its way through a thread of Node's pool; the references keep digest and bytes where they are. */
struct job {
  napi_async_work work;
  napi_deferred deferred;
  napi_ref state, chunk;
  EVP_MD_CTX *context;
  const void *data;
  size_t length;
  int taken;
};

static napi_value refuse(napi_env env, const char *reason) {
  napi_throw_error(env, NULL, reason);
  return NULL;
}

static void drop_context(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  EVP_MD_CTX_free(data);
}

/* openHash(name as OpenSSL has it): the digest of nothing yet, or undefined where there is no such algorithm */
static napi_value open_hash(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1], state = NULL;
  char name[32];
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (napi_get_value_string_latin1(env, args[0], name, sizeof name, NULL) != napi_ok) return refuse(env, "rktsys: wrong arguments");
  const EVP_MD *algorithm = EVP_get_digestbyname(name);
  if (algorithm == NULL) return NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL || EVP_DigestInit_ex(context, algorithm, NULL) != 1 ||
      napi_create_external(env, context, drop_context, NULL, &state) != napi_ok) {
    EVP_MD_CTX_free(context);
    return refuse(env, "rktsys: cannot begin a digest");
  }
  return state;
}

/* copyHash(digest): another one of the same bytes, to which others can be added. Not while a chunk is on its way. */
static napi_value copy_hash(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1], state = NULL;
  void *context = NULL;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (napi_get_value_external(env, args[0], &context) != napi_ok) return refuse(env, "rktsys: wrong arguments");
  EVP_MD_CTX *copy = EVP_MD_CTX_new();
  if (copy == NULL || EVP_MD_CTX_copy_ex(copy, context) != 1 || napi_create_external(env, copy, drop_context, NULL, &state) != napi_ok) {
    EVP_MD_CTX_free(copy);
    return refuse(env, "rktsys: cannot copy a digest");
  }
  return state;
}

static void take_chunk(napi_env env, void *data) {
  struct job *job = data;
  (void)env;
  job->taken = EVP_DigestUpdate(job->context, job->data, job->length) == 1;
}

static void end_job(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  napi_value result;
  napi_get_undefined(env, &result);
  if (status == napi_ok && job->taken) napi_resolve_deferred(env, job->deferred, result);
  else napi_reject_deferred(env, job->deferred, result);
  napi_delete_reference(env, job->state);
  napi_delete_reference(env, job->chunk);
  napi_delete_async_work(env, job->work);
  free(job);
}

/* updateHash(digest, chunk): a promise. One at a time for each digest. */
static napi_value update_hash(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2], name, promise = NULL;
  void *context = NULL, *bytes = NULL;
  size_t length = 0;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (napi_get_value_external(env, args[0], &context) != napi_ok || napi_get_buffer_info(env, args[1], &bytes, &length) != napi_ok)
    return refuse(env, "rktsys: wrong arguments");
  struct job *job = calloc(1, sizeof *job);
  if (job == NULL) return refuse(env, "rktsys: no memory");
  *job = (struct job){.context = context, .data = bytes, .length = length};
  napi_create_reference(env, args[0], 1, &job->state);
  napi_create_reference(env, args[1], 1, &job->chunk);
  napi_create_promise(env, &job->deferred, &promise);
  napi_create_string_latin1(env, "rktsys hash", NAPI_AUTO_LENGTH, &name);
  if (napi_create_async_work(env, NULL, name, take_chunk, end_job, job, &job->work) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok)
    return refuse(env, "rktsys: cannot hash in another thread");
  return promise;
}

/* finishHash(digest): its bytes; nothing can be added behind it */
static napi_value finish_hash(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1], result = NULL;
  void *context = NULL;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (napi_get_value_external(env, args[0], &context) != napi_ok) return refuse(env, "rktsys: wrong arguments");
  if (EVP_DigestFinal_ex(context, digest, &length) != 1) return refuse(env, "rktsys: cannot end a digest");
  napi_create_buffer_copy(env, length, digest, NULL, &result);
  return result;
}

void define_hashes(napi_env env, napi_value exports) {
  static const napi_property_descriptor functions[] = {
      {"openHash", NULL, open_hash, NULL, NULL, NULL, napi_enumerable, NULL},
      {"copyHash", NULL, copy_hash, NULL, NULL, NULL, napi_enumerable, NULL},
      {"updateHash", NULL, update_hash, NULL, NULL, NULL, napi_enumerable, NULL},
      {"finishHash", NULL, finish_hash, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
}
