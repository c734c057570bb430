namespace WaMcp.AppHost;

/// <summary>Where the running system is: the content of <c>endpoints.json</c>.</summary>
/// <param name="Server">MCP and webhooks, http.</param>
/// <param name="Sandbox">The phone page and the Graph API it answers, http.</param>
/// <param name="Dashboard">Traces, logs and metrics, http; null when there is none.</param>
/// <param name="Postgres">A libpq URL, as <c>wa_app</c>.</param>
/// <param name="Redis">A redis URL.</param>
internal sealed record Endpoints(string? Server, string? Sandbox, string? Dashboard, string? Postgres, string? Redis);
