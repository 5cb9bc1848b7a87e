#!/usr/bin/env node
// Initialize OpenTelemetry before any other imports
// This must be done first to ensure proper instrumentation
import { initializeTelemetry, getTelemetryConfigSummary } from "./config/telemetry-config.js";
const telemetrySdk = initializeTelemetry();
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { installHelmChart, installHelmChartSchema, upgradeHelmChart, upgradeHelmChartSchema, uninstallHelmChart, uninstallHelmChartSchema, } from "./tools/helm-operations.js";
import { nodeManagement, nodeManagementSchema, } from "./tools/node-management.js";
import { explainResource, explainResourceSchema, listApiResources, listApiResourcesSchema, } from "./tools/kubectl-operations.js";
import { execInPod, execInPodSchema } from "./tools/exec_in_pod.js";
import { getResourceHandlers } from "./resources/handlers.js";
import { ListResourcesRequestSchema, ReadResourceRequestSchema, ListToolsRequestSchema, CallToolRequestSchema, ErrorCode, McpError, } from "@modelcontextprotocol/sdk/types.js";
import { KubernetesManager } from "./types.js";
import { serverConfig } from "./config/server-config.js";
import { cleanupSchema } from "./config/cleanup-config.js";
import { startSSEServer } from "./utils/sse.js";
import { startPortForward, PortForwardSchema, stopPortForward, StopPortForwardSchema, } from "./tools/port_forward.js";
import { kubectlScale, kubectlScaleSchema } from "./tools/kubectl-scale.js";
import { kubectlContext, kubectlContextSchema, } from "./tools/kubectl-context.js";
import { kubectlReconnect, kubectlReconnectSchema, } from "./tools/kubectl-reconnect.js";
import { kubectlGet, kubectlGetSchema } from "./tools/kubectl-get.js";
import { kubectlDescribe, kubectlDescribeSchema, } from "./tools/kubectl-describe.js";
import { kubectlApply, kubectlApplySchema } from "./tools/kubectl-apply.js";
import { kubectlDelete, kubectlDeleteSchema } from "./tools/kubectl-delete.js";
import { kubectlCreate, kubectlCreateSchema } from "./tools/kubectl-create.js";
import { kubectlLogs, kubectlLogsSchema } from "./tools/kubectl-logs.js";
import { kubectlGeneric, kubectlGenericSchema, } from "./tools/kubectl-generic.js";
import { kubectlPatch, kubectlPatchSchema } from "./tools/kubectl-patch.js";
import { kubectlRollout, kubectlRolloutSchema, } from "./tools/kubectl-rollout.js";
import { registerPromptHandlers } from "./prompts/index.js";
import { ping, pingSchema } from "./tools/ping.js";
import { startStreamableHTTPServer } from "./utils/streamable-http.js";
import { withTelemetry } from "./middleware/telemetry-middleware.js";
// Check environment variables for tool filtering
const allowOnlyReadonlyTools = process.env.ALLOW_ONLY_READONLY_TOOLS === "true";
const allowedToolsEnv = process.env.ALLOWED_TOOLS;
const nonDestructiveTools = process.env.ALLOW_ONLY_NON_DESTRUCTIVE_TOOLS === "true";
const explicitlyAllowedToolNames = allowedToolsEnv
    ? new Set(allowedToolsEnv.split(",").map((t) => t.trim()).filter(Boolean))
    : null;
const isToolAllowed = (name) => {
    if (explicitlyAllowedToolNames) {
        return explicitlyAllowedToolNames.has(name);
    }
    if (allowOnlyReadonlyTools) {
        return readonlyTools.some((t) => t.name === name);
    }
    if (nonDestructiveTools) {
        return !destructiveTools.some((dt) => dt.name === name);
    }
    return true;
};
// Define readonly tools
const readonlyTools = [
    kubectlGetSchema,
    kubectlDescribeSchema,
    kubectlLogsSchema,
    kubectlContextSchema,
    kubectlReconnectSchema,
    explainResourceSchema,
    listApiResourcesSchema,
    pingSchema,
];
// Define destructive tools (delete and uninstall operations)
const destructiveTools = [
    kubectlDeleteSchema, // This replaces all individual delete operations
    uninstallHelmChartSchema,
    cleanupSchema, // Cleanup is also destructive as it deletes resources
    kubectlGenericSchema, // Generic kubectl command can perform destructive operations
    nodeManagementSchema, // Node management can drain nodes (destructive)
];
// Get all available tools
const allTools = [
    // Core operation tools
    cleanupSchema,
    // Unified kubectl-style tools - these replace many specific tools
    kubectlGetSchema,
    kubectlDescribeSchema,
    kubectlApplySchema,
    kubectlDeleteSchema,
    kubectlCreateSchema,
    kubectlLogsSchema,
    kubectlScaleSchema,
    kubectlPatchSchema,
    kubectlRolloutSchema,
    // Kubernetes context management
    kubectlContextSchema,
    kubectlReconnectSchema,
    // Special operations that aren't covered by simple kubectl commands
    explainResourceSchema,
    // Helm operations
    installHelmChartSchema,
    upgradeHelmChartSchema,
    uninstallHelmChartSchema,
    nodeManagementSchema,
    // Port forwarding
    PortForwardSchema,
    StopPortForwardSchema,
    execInPodSchema,
    // API resource operations
    listApiResourcesSchema,
    // Generic kubectl command
    kubectlGenericSchema,
    // Ping utility
    pingSchema,
];
/**
 * Returns the names in `allowedToolNames` that no tool actually provides.
 *
 * Exported for testing.
 */
export function findUnknownToolNames(allowedToolNames, knownToolNames) {
    const known = new Set(knownToolNames);
    return [...allowedToolNames].filter((name) => !known.has(name)).sort();
}
// A misspelled name in ALLOWED_TOOLS would otherwise be dropped silently,
// leaving a narrower tool surface than was configured. Refuse to start instead.
if (explicitlyAllowedToolNames) {
    const unknownToolNames = findUnknownToolNames(explicitlyAllowedToolNames, allTools.map((tool) => tool.name));
    if (unknownToolNames.length > 0) {
        console.error(`ALLOWED_TOOLS contains unknown tool ${unknownToolNames.length === 1 ? "name" : "names"}: ${unknownToolNames.join(", ")}`);
        console.error(`Available tools: ${allTools
            .map((tool) => tool.name)
            .sort()
