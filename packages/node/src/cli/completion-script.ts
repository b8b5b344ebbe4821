import type { Command } from "./command.ts";

/**
 * The words of each command and its options, as a script that needs no process to complete. zsh runs
 * that of bash, through its own emulation.
 */
export function completionScript(shell: "bash" | "zsh", commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const options = Object.keys(command.options).map((name) => `--${name}`);
    return `    "${wordsOf(command).join(" ")}") words="${[...options, "--help"].join(" ")}" ;;`;
  });
  const groups = new Map<string, string[]>();
  for (const command of commands) {
    const [first = "", second] = wordsOf(command);
    const seconds = groups.get(first) ?? [];
    groups.set(first, second === undefined ? seconds : [...seconds, second]);
  }
  const groupCases = [...groups]
    .filter(([, seconds]) => seconds.length > 0)
    .map(([first, seconds]) => `    "${first}") words="${seconds.join(" ")}" ;;`);
  const lines = [
    ...(shell === "zsh" ? ["autoload -U +X bashcompinit && bashcompinit"] : []),
    "_horae() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" words="" line=""',
    "  local index",
    "  for ((index = 1; index < COMP_CWORD && index <= 2; index++)); do",
    '    [[ "${COMP_WORDS[index]}" == -* ]] && break',
    '    line="${line:+$line }${COMP_WORDS[index]}"',
    "  done",
    '  case "$line" in',
    `    "") words="${[...groups.keys(), "--help", "--version"].join(" ")}" ;;`,
    ...groupCases,
    ...cases,
    "  esac",
    '  if [ -z "$words" ] && [ -n "$line" ]; then',
    '    case "${line%% *}" in',
    ...cases.filter((text) => !/^ {4}"[^"]* /.test(text)).map((text) => `  ${text}`),
    "    esac",
    "  fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -o default -F _horae horae",
  ];
  return `${lines.join("\n")}\n`;
}

function wordsOf({ usage }: Command): string[] {
  return usage.split(" ").filter((word) => !word.startsWith("<"));
}
