using WaMcp.Domain.Contacts;

namespace WaMcp.Tests.Contacts;

public sealed class PhoneNumberTests
{
    [Theory]
    [InlineData("+49 151 1234-5678", "4915112345678")]
    [InlineData("4915112345678", "4915112345678")]
    [InlineData("+1 (555) 010.0100", "15550100100")]
    [InlineData("0151 12345678", null)]
    [InlineData("+49", null)]
    [InlineData("+1234567890123456", null)]
    [InlineData("+49151abc45678", null)]
    [InlineData("", null)]
    public void NumbersBecomeE164DigitsOrNothing(string text, string? expected) => PhoneNumber.Normalize(text).ShouldBe(expected);
}
