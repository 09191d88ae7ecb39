#include <node_api.h>

/* openHash, updateHash and finishHash, put into the addon's exports. */
void define_hashes(napi_env env, napi_value exports);
