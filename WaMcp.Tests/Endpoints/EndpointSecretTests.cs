using System.Text;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Tests.Endpoints;

public sealed class EndpointSecretTests
{
    // https://github.com/standard-webhooks/standard-webhooks: the vector of its libraries.
    [Fact]
    public void SignsAsThePublishedVectorSays() =>
        new EndpointSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", DateTimeOffset.FromUnixTimeSeconds(1614265330), Encoding.UTF8.GetBytes("""{"test": 2432232314}"""))
            .ShouldBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    [Fact]
    public void ANewSecretIsAsLongAsTheStandardWantsAndLikeNoOther()
    {
        var made = Enumerable.Range(0, 100).Select(_ => EndpointSecret.Make().Text).ToList();

        made.ShouldBeUnique();
        foreach (var text in made)
        {
            text.ShouldStartWith("whsec_");
            Convert.FromBase64String(text["whsec_".Length..]).Length.ShouldBeInRange(24, 64);
        }
    }

    [Fact]
    public void AnIdIsTheSameForOneEventAtOneEndpointAndForNothingElse()
    {
        var (endpoint, message) = (new EndpointId(Guid.CreateVersion7()), Guid.CreateVersion7());
        var id = EndpointEvent.Parse("message.status:sent").IdAt(endpoint, message);

        id.ShouldBe(new EndpointEvent(EndpointEvent.MessageStatus, "sent").IdAt(endpoint, message));
        id.ShouldMatch("^ntc_[0-9a-z]{26}$");
        string[] others =
        [
            EndpointEvent.Parse("message.status:read").IdAt(endpoint, message), EndpointEvent.Parse("message.received").IdAt(endpoint, message),
            EndpointEvent.Parse("message.status:sent").IdAt(new EndpointId(Guid.CreateVersion7()), message), EndpointEvent.Parse("message.status:sent").IdAt(endpoint, Guid.CreateVersion7()),
        ];
        others.ShouldNotContain(id);
        others.ShouldBeUnique();
    }
}
