// Histories of whole systems, and whether they keep what the design promises.
export {
  type CheckLimits,
  type CheckReport,
  checkHistory,
  DEFAULT_CHECK_LIMITS,
} from "./check-history.ts";
export { type FaultWindow, FaultWindows } from "./fault-windows.ts";
export { finalTaskOf } from "./history.ts";
export type {
  AnswerLine,
  AskLine,
  EndLine,
  FaultLine,
  FinalTask,
  History,
  HistoryLine,
  LifeLine,
  StartLine,
  Violation,
} from "./history.ts";
