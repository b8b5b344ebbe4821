import { variableOf } from "./environment.ts";
import type { Section, Setting } from "./setting.ts";
import { SETTINGS } from "./settings-table.ts";

const INTRODUCTION = `# Configuration

<!-- Made by \`npm run docs\` from packages/node/src/config/settings-table.ts. Do not edit. -->

A node takes its configuration from \`createNode({ config })\`, an object or the path of a YAML file,
or from \`horae run --config <file>\`. Environment variables come over it: \`HORAE_\` and the path of
the setting, so that \`queue.bucketMs\` is \`HORAE_QUEUE_BUCKET_MS\`. With \`_FILE\` at the end, the
variable names a file that holds the value: \`HORAE_KAFKA_SASL_PASSWORD_FILE=/run/secrets/kafka\`.

In a variable a list is separated by commas (\`a:9092,b:9092\`), and a map is written \`dc1=3,dc2=3\`.
An unknown setting is an error, and an unknown variable that begins with \`HORAE_\` is a warning.
\`HORAE_SERVICE_*\` and \`HORAE_PORT*\` are ignored, because Kubernetes sets them beside a service that
is called \`horae\`.

Give \`embedded\`, or both \`kafka\` and \`cassandra\`.

\`\`\`yaml
queue:
  name: billing
embedded:
  dir: /var/lib/horae
http:
  port: 7373
\`\`\`
`;

/** The text of docs/configuration.md. */
export function configurationDocument(): string {
  return `${[INTRODUCTION, ...sectionsOf(SETTINGS, "")].join("\n")}`;
}

function sectionsOf(node: Section, path: string): string[] {
  const prefix = path === "" ? "" : `${path}.`;
  return Object.entries(node.members).flatMap(([name, member]) =>
    member.kind === "section" ? [...textOf(member, prefix + name)] : [],
  );
}

function textOf(node: Section, path: string): string[] {
  const presence = node.optional ? " Optional." : "";
  const settings = Object.entries(node.members).flatMap(([name, member]) =>
    member.kind === "setting" ? [itemOf(member, `${path}.${name}`)] : [],
  );
  const heading = `## \`${path}\`\n\n${node.description}${presence}\n`;
  return [heading, `${settings.join("\n")}\n`, ...sectionsOf(node, path)];
}

function itemOf(node: Setting<unknown>, path: string): string {
  const remarks = [
    node.fixed ? " Fixed when the queue is created." : "",
    node.secret ? " Secret." : "",
  ];
  return [
    `- **\`${path}\`**: ${node.description}${remarks.join("")}`,
    `  - ${node.required ? "Required" : `Default: ${node.defaultText}`}`,
    `  - Takes ${node.expected}`,
    `  - Variable \`${variableOf(path)}\``,
  ].join("\n");
}
