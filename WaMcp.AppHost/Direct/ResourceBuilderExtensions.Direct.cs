namespace WaMcp.AppHost.Direct;

/// <summary>The builder methods of AppHost.cs, with the names that Aspire gives them.</summary>
internal static class ResourceBuilderExtensions
{
    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : ProcessResource
    {
        builder.Resource.Args.AddRange(args);
        return builder;
    }

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string value)
        where T : ProcessResource
    {
        builder.Resource.Environment[name] = value;
        return builder;
    }

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpoint)
        where T : ProcessResource =>
        builder.WithEnvironment(name, endpoint.ToString());

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : ProcessResource =>
        builder.WithEnvironment(name, value.Value);

    public static IResourceBuilder<T> WithReference<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null)
        where T : ProcessResource =>
        builder.WithEnvironment(
            $"ConnectionStrings__{connectionName ?? source.Resource.Name}", source.Resource.ConnectionStringExpression);

    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder, int port, int targetPort, string scheme, string name, bool isProxied)
        where T : ProcessResource
    {
        if (isProxied || port != targetPort)
        {
            throw new NotSupportedException($"'{builder.Resource.Name}': there is no proxy here, programs listen on the port itself.");
        }

        builder.Resource.Endpoints.Add(name, new EndpointReference(scheme, port));
        return builder;
    }

    public static IResourceBuilder<T> WithHttpEndpoint<T>(this IResourceBuilder<T> builder, int port)
        where T : ProcessResource =>
        builder.WithEndpoint(port: port, targetPort: port, scheme: "http", name: "http", isProxied: false)
            .WithEnvironment("ASPNETCORE_URLS", builder.GetEndpoint("http"));

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints =>
        builder.Resource.GetEndpoint(name);

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(this IResourceBuilder<T> builder, string path)
        where T : ProcessResource
    {
        builder.Resource.HealthUrl = builder.GetEndpoint("http") + path;
        return builder;
    }

    public static IResourceBuilder<T> WithReadiness<T>(this IResourceBuilder<T> builder, Func<CancellationToken, Task<bool>> ready)
        where T : ProcessResource
    {
        builder.Resource.Readiness = ready;
        return builder;
    }

    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : ProcessResource
    {
        builder.Resource.WaitsForHealthy.Add((ProcessResource)dependency.Resource);
        return builder;
    }

    public static IResourceBuilder<T> WaitForCompletion<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : ProcessResource
    {
        var process = (ProcessResource)dependency.Resource;
        process.RunsOnce = true;
        builder.Resource.WaitsForCompletion.Add(process);
        return builder;
    }
}
