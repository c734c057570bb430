using System.Xml.Linq;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Architecture;

public sealed class ProjectReferencesTests
{
    [Theory]
    [InlineData("WaMcp.Domain")]
    [InlineData("WaMcp.ServiceDefaults")]
    [InlineData("WaMcp.Server", "WaMcp.Domain", "WaMcp.ServiceDefaults")]
    [InlineData("WaMcp.Worker", "WaMcp.Domain", "WaMcp.ServiceDefaults")]
    [InlineData("WaMcp.Admin", "WaMcp.Domain", "WaMcp.ServiceDefaults")]
    [InlineData("WaMcp.Sandbox", "WaMcp.ServiceDefaults")]
    [InlineData("WaMcp.Benchmarks", "WaMcp.Domain", "WaMcp.ServiceDefaults")]
    public void ProgramsSeeOnlyDomainAndServiceDefaults(string project, params string[] allowed)
    {
        var file = Path.Combine(Repository.Root, project, $"{project}.csproj");
        var references = XDocument.Load(file).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        references.Except(allowed).ShouldBeEmpty();
    }

    [Fact]
    public void EveryProgramIsHeldToTheRule()
    {
        var held = typeof(ProjectReferencesTests).GetMethod(nameof(ProgramsSeeOnlyDomainAndServiceDefaults))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>()
            .Select(data => (string)data.GetData(null!).Single()[0]);
        var all = Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file))) == Path.GetFileName(Repository.Root))
            .Select(Path.GetFileNameWithoutExtension);
        all.Except(["WaMcp.AppHost", "WaMcp.Tests"]).ShouldBe(held, ignoreOrder: true);
    }

    [Fact]
    public void NoChannelUsesAnother()
    {
        var channels = Directory.GetDirectories(Path.Combine(Repository.Root, "WaMcp.Domain", "Channels"));
        var names = channels.Select(Path.GetFileName).ToList();
        names.ShouldContain("WhatsApp");
        foreach (var channel in channels)
        {
            var text = string.Concat(Directory.GetFiles(channel, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
            names.Where(name => name != Path.GetFileName(channel) && text.Contains($"Channels.{name}", StringComparison.Ordinal)).ShouldBeEmpty();
        }
    }

    [Fact]
    public void DomainHasNoAspNetReference() => typeof(Domain.Fault).Assembly.GetReferencedAssemblies()
        .Where(assembly => assembly.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)).ShouldBeEmpty();
}
