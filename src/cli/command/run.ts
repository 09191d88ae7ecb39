import { runOptions } from "../ad-hoc/options.ts";
import type { CommandDeclaration } from "../declaration.ts";

export const runCommand: CommandDeclaration = {
  name: "run",
  summary: "Run images in a pod of their own",
  description: [
    "Makes a pod of the images and runs it: IMAGE is a name, a file, a URL or a hash, as in rkt fetch. Options before the first image are the pod's, those behind an image are its app's. What follows -- is appended to what the image runs; --- ends it, so that another image may follow.",
    "From a terminal the pod is a unit rkt-run-UUID.service and rkt waits for it: the apps' output is its output, SIGINT, SIGTERM and SIGHUP stop the pod, a second one of them, or ^] three times within a second, kills it, and the exit status is that of the first app that failed. As the main process of a unit (systemd-run, ExecStart=) rkt becomes the engine itself: the unit's limits, sockets and readiness are the pod's. The pod's journal has the output in any case.",
    "In a virtual machine --interactive has a terminal of the size that it had at the start, ^] and x end it under qemu, and the unit's sockets do not reach it.",
    "An ended pod stays until rkt gc or rkt rm removes it.",
  ],
  arguments: [{ name: "IMAGE", completes: ["images", "files"], variadic: true }],
  options: runOptions,
  examples: [
    {
      command: "rkt run --port=client:2379 --volume=data-dir,kind=host,source=/srv/etcd coreos.com/etcd:v3.5 -- --name=a",
      text: "One app with a port and a volume of the host, and an argument",
    },
    { command: "systemd-run rkt run --net=host coreos.com/etcd:v3.5", text: "In a unit of its own, which rkt leaves to the engine" },
    { command: "rkt run --interactive example.com/box --exec=/bin/sh", text: "A shell in an image" },
  ],
  exitCodes: [
    {
      code: "APP's",
      meaning: "the exit status of the first app that failed; 255 where a signal ended it, 128 + N in a virtual machine and under fly",
    },
  ],
  root: true,
  ownParser: true,
  run: () => import("../run/run.ts"),
};
