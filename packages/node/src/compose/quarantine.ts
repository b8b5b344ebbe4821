import type { Clock } from "@horae/core";
import type { KafkaQuarantine } from "@horae/kafka";
import { openKafkaQuarantine } from "@horae/kafka";
import type { NodeConfig } from "../config/settings-table.ts";
import { clusterSettingsOf } from "./cluster-settings.ts";

/** The quarantine of the queue that a configuration names. Throws `SETTINGS_INVALID`. */
export function openQuarantine(config: NodeConfig, clock: Clock): KafkaQuarantine {
  return openKafkaQuarantine({ settings: clusterSettingsOf(config).kafka, clock });
}
