using System.Diagnostics;

namespace WaMcp.Tests.Endpoints;

/// <summary>Signatures as the standard says they are made, made by OpenSSL: nothing of ours takes part.</summary>
internal static class OpenSsl
{
    /// <summary>The signature of a webhook with this secret.</summary>
    public static async Task<string> SignAsync(string secret, Notice notice)
    {
        secret.ShouldStartWith("whsec_");
        var key = Convert.ToHexString(Convert.FromBase64String(secret["whsec_".Length..]));
        using var process = Process.Start(new ProcessStartInfo("openssl", ["dgst", "-sha256", "-mac", "HMAC", "-macopt", $"hexkey:{key}", "-binary"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var input = process.StandardInput.BaseStream;
        await input.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{notice.Id}.{notice.Timestamp}."));
        await input.WriteAsync(notice.Body);
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0);
        return $"v1,{Convert.ToBase64String(output.ToArray())}";
    }
}
