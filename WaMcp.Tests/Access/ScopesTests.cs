using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Tests.Access;

public sealed class ScopesTests
{
    private static readonly ChannelId Mine = TypedId.New<ChannelId>();
    private static readonly ChannelId Other = TypedId.New<ChannelId>();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AScopeAllowsExactlyWhatItNames(bool isOwner)
    {
        var scopes = new Scopes(["tools:send_message", $"numbers:{Mine}"], isOwner);

        scopes.AllowTool("send_message").ShouldBeTrue();
        scopes.AllowChannel(Mine).ShouldBeTrue();
        foreach (var tool in new[] { "get_messages", "send", "send_messages", "SEND_MESSAGE", "send_message ", "tools:send_message", "*", "" })
        {
            scopes.AllowTool(tool).ShouldBeFalse($"'{tool}'");
        }

        scopes.AllowChannel(Other).ShouldBeFalse();
        scopes.AllowChannel(default).ShouldBeFalse();
    }

    [Fact]
    public void AWildcardOfTheOwnerAllowsEverythingOfItsKind()
    {
        var (tools, numbers) = (new Scopes(["tools:*"], isOwner: true), new Scopes(["numbers:*"], isOwner: true));

        (tools.AllowTool("send_message"), tools.AllowChannel(Mine)).ShouldBe((true, false));
        (numbers.AllowTool("send_message"), numbers.AllowChannel(Mine)).ShouldBe((false, true));
    }

    [Fact]
    public void AWildcardOfAnybodyElseAllowsNothing()
    {
        var scopes = new Scopes(["tools:*", "numbers:*"], isOwner: false);

        foreach (var tool in ToolNames.All.Append("*"))
        {
            scopes.AllowTool(tool).ShouldBeFalse(tool);
        }

        scopes.AllowChannel(Mine).ShouldBeFalse();
    }

    [Theory]
    [InlineData("tools:*")]
    [InlineData("numbers:*")]
    public void AWildcardIsRefusedAtMintUnlessItIsTheOwners(string scope)
    {
        Should.Throw<Fault>(() => Scopes.Parse(scope, isOwner: false)).Code.ShouldBe(FaultCode.InvalidInput);
        Scopes.Parse(scope, isOwner: true).Name.ShouldBe("*");
    }

    [Theory]
    [InlineData]
    [InlineData("")]
    [InlineData("tools")]
    [InlineData("tools:")]
    [InlineData("send_message")]
    [InlineData("Tools:send_message")]
    [InlineData("tools:send_*")]
    [InlineData("tools: send_message")]
    [InlineData("numbers:send_message")]
    [InlineData("*")]
    [InlineData("*:*")]
    public void AMissingScopeAndTextThatIsNoneDeny(params string[] scopes)
    {
        var held = new Scopes(scopes, isOwner: true);

        held.AllowTool("send_message").ShouldBeFalse();
        held.AllowChannel(Mine).ShouldBeFalse();
    }
}
