namespace Projects;

// On the other feed Aspire's SDK generates these from the project references.
#pragma warning disable CA1707, IDE1006 // the names are Aspire's

internal sealed class WaMcp_Server : IProjectMetadata
{
    public string ProjectName => "WaMcp.Server";
}

internal sealed class WaMcp_Worker : IProjectMetadata
{
    public string ProjectName => "WaMcp.Worker";
}

internal sealed class WaMcp_Sandbox : IProjectMetadata
{
    public string ProjectName => "WaMcp.Sandbox";
}

internal sealed class WaMcp_Admin : IProjectMetadata
{
    public string ProjectName => "WaMcp.Admin";
}
