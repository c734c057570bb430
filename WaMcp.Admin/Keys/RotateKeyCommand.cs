using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Output;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Keys;

/// <summary><c>admin keys rotate</c>.</summary>
internal sealed class RotateKeyCommand : ConsoleCommand
{
    private readonly Argument<string> key = KeyArgument.Create();

    private readonly Option<string> grace = new("--grace")
    {
        Description = "How long the old key works on, at most 30d; 0d ends it at once.",
        HelpName = "7d|24h|0d",
        DefaultValueFactory = _ => "7d",
    };

    public RotateKeyCommand()
        : base(
            "rotate",
            "Put a new key in the place of another: same client, label, scopes, limits and lifetime. Both work until the grace is over. The new "
            + "token is shown once, on standard error.",
            "admin keys rotate abcdefghijkl",
            "admin keys rotate key_01m80jv8vtfpttj1xy2m2frjgd --grace 24h",
            "admin keys rotate abcdefghijkl --grace 0d")
    {
        Add(key);
        Add(grace);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var rotation = await run.Get<RotateKey>().ExecuteAsync(run.Required(key), run.Duration(grace)!.Value, cancellationToken);
        run.Report.Note(rotation.Old.RevokedAt is null
            ? $"The old key {rotation.Old.Prefix} works until {PlainText.Time(rotation.Old.ExpiresAt)}."
            : $"The old key {rotation.Old.Prefix} is refused from now on.");
        await NewToken.ShowAsync(run, rotation.New, rotation.Token, cancellationToken);
    }
}
