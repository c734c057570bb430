using FsCheck;
using FsCheck.Fluent;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;

namespace WaMcp.Tests.Data;

public sealed class TypedIdTests
{
    // https://github.com/jetify-com/typeid/blob/main/spec/valid.yml
    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000", "00000000000000000000000000")]
    [InlineData("00000000-0000-0000-0000-000000000001", "00000000000000000000000001")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs")]
    [InlineData("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q")]
    public void TextFollowsTheTypeIdSpecification(string uuid, string body)
    {
        var id = new MessageId(Guid.Parse(uuid));
        id.ToString().ShouldBe($"msg_{body}");
        TypedId.TryParse<MessageId>($"msg_{body}", out var read).ShouldBeTrue();
        read.ShouldBe(id);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("msg")]
    [InlineData("msg_")]
    [InlineData("chn_01h455vb4pex5vsknk084sn02q")]
    [InlineData("msg_01h455vb4pex5vsknk084sn02")]
    [InlineData("msg_01h455vb4pex5vsknk084sn02qq")]
    [InlineData("msg_81h455vb4pex5vsknk084sn02q")]
    [InlineData("msg_01h455vb4pex5vsknk084sn02u")]
    [InlineData("msg_01H455VB4PEX5VSKNK084SN02Q")]
    [InlineData("msg-01h455vb4pex5vsknk084sn02q")]
    public void AnythingElseIsNoId(string? text) => TypedId.TryParse<MessageId>(text, out _).ShouldBeFalse();

    [Fact]
    public void IdsMadeLaterSortLater()
    {
        var clock = Enumerable.Range(0, 50).Select(i => new ChannelId(Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddMilliseconds(i)))).ToList();
        clock.Select(id => id.ToString()).ShouldBe(clock.Select(id => id.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryIdIsReadBack() => Prop.ForAll(
        Gen.ArrayOf(Gen.Choose(0, 255), 16).ToArbitrary(),
        bytes =>
        {
            var id = new MessageId(new Guid([.. bytes.Select(each => (byte)each)]));
            return TypedId.TryParse<MessageId>(id.ToString(), out var read) && read == id;
        }).QuickCheckThrowOnFailure();
}
