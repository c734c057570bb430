namespace WaMcp.AppHost.Direct;

/// <summary>The few words of Aspire's application model that AppHost.cs uses, with the same names and meanings.</summary>
internal interface IResource
{
    string Name { get; }
}

/// <summary>Something that listens.</summary>
internal interface IResourceWithEndpoints : IResource
{
    EndpointReference GetEndpoint(string name);
}

/// <summary>Something that programs reach by a connection string.</summary>
internal interface IResourceWithConnectionString : IResource
{
    ReferenceExpression ConnectionStringExpression { get; }
}

/// <summary>A connection string put together by us.</summary>
internal sealed record ConnectionStringResource(string Name, ReferenceExpression ConnectionStringExpression) : IResourceWithConnectionString;

/// <summary>One of our programs, as Aspire's generated <c>Projects</c> classes name it.</summary>
internal interface IProjectMetadata
{
    string ProjectName { get; }
}
