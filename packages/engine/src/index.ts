export { Engine, type EngineOptions, type EngineState } from "./engine.ts";
export { DEFAULT_ENGINE_SETTINGS, type EngineSettings, resolveEngineSettings } from "./settings.ts";
