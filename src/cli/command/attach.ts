import type { CommandDeclaration } from "../declaration.ts";

export const attachCommand: CommandDeclaration = {
  name: "attach",
  summary: "Join the terminal of a running app",
  description: [
    "Joins the terminal of an app that was given one: by Output=tty in its section of a .pod file, or by rkt run --stdin=tty --stdout=tty --stderr=tty. What it shows from now on is shown, what is typed is typed there, Ctrl-C and Ctrl-Z too. ^] (Ctrl and ]) leaves; the app goes on. When the app ends, attach ends and says so; an app that is restarted inside its pod keeps its terminal and those who joined it. Apps in virtual machines and under fly have no such terminals.",
    "Several may be attached; the size of the terminal is that of the window which changed last. What was shown while nobody was attached is lost, and none of it is in the pod's journal. Who is attached and does not read holds the app up, as at any terminal. The app's bytes reach the terminal as they are: attach to apps only that you would trust to write to it.",
    "An input that is no terminal is typed as it is: at its end output goes on to be shown, and with --mode=tty-in attach ends. Nothing else is typed for that end, so a reader of lines waits on.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"] }],
  options: [
    { name: "app", kind: "text", value: "APP", completes: ["apps"], description: "App to attach to; needed where the pod has several" },
    {
      name: "mode",
      kind: "text",
      value: "MODE",
      description: "auto (without it) and tty: all that the app has; tty-in or tty-out: one of the two; list: print which of them it has",
    },
  ],
  examples: [
    { command: "rkt attach shell", text: "The terminal of the pod's only app" },
    { command: "echo reload | rkt attach --mode=tty-in --app=console 5a1c", text: "Types one line into it" },
    { command: "rkt attach --mode=tty-out shell", text: "Looks on" },
  ],
  exitCodes: [
    { code: "0", meaning: "after ^], when the app has ended, or with --mode=tty-in at the end of the input" },
    { code: "128 + N", meaning: "signal N ended rkt; the app goes on" },
  ],
  root: true,
  run: () => import("../run/attach.ts"),
};
