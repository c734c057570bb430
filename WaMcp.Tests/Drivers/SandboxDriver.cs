using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WaMcp.Tests.Drivers;

/// <summary>The sandbox's control API, as tests use it.</summary>
/// <param name="address">Where the sandbox is.</param>
internal sealed class SandboxDriver(Uri address)
{
    private static readonly HttpClient Http = new();

    /// <summary>A person writes to a number; returns the provider's id of the message.</summary>
    public async Task<string> WriteAsync(
        string text, string from = "15550100100", string phoneNumberId = ConsoleDriver.SupportNumber, string? name = null)
    {
        using var response = await Http.PostAsJsonAsync(Url("/control/whatsapp/inbound"), new { phoneNumberId, from, name, type = "text", text });
        await RequireSuccessAsync(response);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("ids")[0].GetString()!;
    }

    /// <summary>A person sends a file to a number; returns the provider's id of the message.</summary>
    /// <param name="type">As what: image, video, audio, document or sticker.</param>
    /// <param name="file">What it is and what is wrong with it; null for a sample.</param>
    /// <param name="from">The person.</param>
    /// <param name="phoneNumberId">The number.</param>
    public async Task<string> SendFileAsync(
        string type, object? file = null, string from = "15550100100", string phoneNumberId = ConsoleDriver.SupportNumber)
    {
        using var response = await Http.PostAsJsonAsync(Url("/control/whatsapp/inbound"), new { phoneNumberId, from, type, file });
        await RequireSuccessAsync(response);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.GetProperty("ids")[0].GetString()!;
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public async Task HealAsync()
    {
        using var response = await Http.DeleteAsync(Url("/control/whatsapp/faults"));
        await RequireSuccessAsync(response);
    }

    /// <summary>The next requests to a recipient end otherwise.</summary>
    public async Task FaultAsync(JsonObject fault)
    {
        using var response = await Http.PostAsJsonAsync(Url("/control/whatsapp/faults"), fault);
        await RequireSuccessAsync(response);
    }

    public async Task SettingsAsync(object settings)
    {
        using var response = await Http.PutAsJsonAsync(Url("/control/whatsapp/settings"), settings);
        await RequireSuccessAsync(response);
    }

    /// <summary>The send requests that the sandbox got, as documents, for one recipient.</summary>
    public async Task<IReadOnlyList<JsonElement>> SendsToAsync(string recipient)
    {
        var requests = await Http.GetFromJsonAsync<JsonElement>(Url("/control/requests"));
        var items = requests.ValueKind == JsonValueKind.Array ? requests : requests.GetProperty("requests");
        return [.. items.EnumerateArray()
            .Where(request => request.GetProperty("path").GetString()!.Contains("/messages", StringComparison.Ordinal)
                && request.GetProperty("body").ToString().Contains(recipient, StringComparison.Ordinal))];
    }

    /// <summary>One status of a message by hand.</summary>
    public async Task StatusAsync(string wamid, string status, params int[] errors)
    {
        using var response = await Http.PostAsJsonAsync(
            Url("/control/whatsapp/statuses"), new { wamid, status, errors = errors.Select(code => new { code }) });
        await RequireSuccessAsync(response);
    }

    /// <summary>The uploads that the sandbox got, answered or not.</summary>
    public async Task<IReadOnlyList<JsonElement>> UploadsAsync()
    {
        var requests = await Http.GetFromJsonAsync<JsonElement>(Url("/control/requests"));
        var items = requests.ValueKind == JsonValueKind.Array ? requests : requests.GetProperty("requests");
        return [.. items.EnumerateArray().Where(request => request.GetProperty("path").GetString()!.Split('?')[0].EndsWith("/media", StringComparison.Ordinal))];
    }

    /// <summary>The provider decides about one of its templates, and tells.</summary>
    public async Task DecideAsync(string template, string status, string language = "en_US")
    {
        using var response = await Http.PostAsJsonAsync(Url("/control/whatsapp/templates"), new { name = template, language, status });
        await RequireSuccessAsync(response);
    }

    /// <summary>How many Graph requests the sandbox got whose path holds this text.</summary>
    public async Task<int> RequestsAsync(string path) =>
        (await Http.GetFromJsonAsync<JsonElement>(Url($"/control/requests?path={Uri.EscapeDataString(path)}"))).EnumerateArray().Count();

    private Uri Url(string path) => new(address, path);

    private static async Task RequireSuccessAsync(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"The sandbox answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}
