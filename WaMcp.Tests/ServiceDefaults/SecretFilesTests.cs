using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class SecretFilesTests
{
    private readonly string folder = RunFolder.Create("secrets");

    [Fact]
    public void AFileIsASettingWithoutItsLineEnd()
    {
        Write("encryption_key", "from the file\n");
        Write("Section__Key", "nested");

        var configuration = Build();

        configuration["encryption_key"].ShouldBe("from the file");
        configuration["Section:Key"].ShouldBe("nested");
    }

    [Fact]
    public void TheCommandLineWinsOverAFile()
    {
        Write("encryption_key", "from the file");

        Build("--encryption_key=from the command line")["encryption_key"].ShouldBe("from the command line");
    }

    [Fact]
    public void TheEnvironmentWinsOverAFileAndAFileOverAppsettings()
    {
        var key = $"key_{Guid.NewGuid():N}";
        Write(key, "from the file");
        var appsettings = RunFolder.Create("content");
        File.WriteAllText(Path.Combine(appsettings, "appsettings.json"), $$"""{ "{{key}}": "from appsettings" }""");

        Build($"--contentRoot={appsettings}")[key].ShouldBe("from the file");
        Environment.SetEnvironmentVariable(key, "from the environment");
        try
        {
            Build($"--contentRoot={appsettings}")[key].ShouldBe("from the environment");
        }
        finally
        {
            Environment.SetEnvironmentVariable(key, null);
        }
    }

    [Fact]
    public void AMissingFolderIsFine()
    {
        Directory.Delete(folder);

        Build()["encryption_key"].ShouldBeNull();
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    private IConfiguration Build(params string[] arguments)
    {
        var builder = Microsoft.AspNetCore.Builder.WebApplication.CreateBuilder([$"--Secrets:Directory={folder}", .. arguments]);
        builder.AddServiceDefaults();
        return builder.Services.BuildServiceProvider().GetRequiredService<IConfiguration>();
    }
}
