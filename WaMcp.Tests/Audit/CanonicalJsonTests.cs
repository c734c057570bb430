using System.Globalization;
using System.Text;
using System.Text.Json;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Audit;

public sealed class CanonicalJsonTests
{
    // RFC 8785, Appendix B: IEEE 754 bits and the number's text.
    [Theory]
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void NumbersAreWrittenAsEcmaScriptWritesThem(string bits, string expected)
    {
        var value = BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        Canonical(value.ToString("R", CultureInfo.InvariantCulture)).ShouldBe(expected);
    }

    // RFC 8785, 3.2.4.
    [Fact]
    public void TheExampleOfTheRfcComesOutByteForByte()
    {
        const string input = """
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """;
        Canonical(input).ShouldBe(
            """{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}""");
    }

    // RFC 8785, 3.2.3: by UTF-16 code units, not by code points.
    [Fact]
    public void MembersAreSortedByUtf16CodeUnits()
    {
        const string input = """{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}""";
        var values = JsonDocument.Parse(Canonical(input)).RootElement.EnumerateObject().Select(member => member.Value.GetInt32());
        values.ShouldBe([2, 4, 6, 7, 1, 5, 3]);
    }

    [Fact]
    public void WaysToWriteTheSameDocumentHaveOneHash()
    {
        var a = JsonDocument.Parse("""{"b":1.0,"a":"\u0041"}""").RootElement;
        var b = JsonDocument.Parse("""{ "a" : "A", "b" : 1e0 }""").RootElement;
        PayloadHash.Of(a).ShouldBe(PayloadHash.Of(b));
        PayloadHash.Of(JsonDocument.Parse("""{"a":"A","b":2}""").RootElement).ShouldNotBe(PayloadHash.Of(a));
    }

    // The RFC's author's own documents: https://github.com/cyberphone/json-canonicalization
    [Theory]
    [InlineData("arrays")]
    [InlineData("french")]
    [InlineData("structures")]
    [InlineData("unicode")]
    [InlineData("values")]
    [InlineData("weird")]
    public async Task TheRfcsDocumentsComeOutByteForByte(string name)
    {
        var folder = Path.Combine(Repository.Root, "WaMcp.Tests", "Audit", "Rfc8785");
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{name}.json")));
        var expected = string.Concat((await File.ReadAllTextAsync(Path.Combine(folder, $"{name}.hex"))).Split());
        Convert.ToHexStringLower(CanonicalJson.Of(document.RootElement)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("123456789012345678901234567890", "1.2345678901234568e+29")]
    [InlineData("0.1000000000000000055511151231257827", "0.1")]
    [InlineData("-0.0", "0")]
    [InlineData("1E-400", "0")]
    public void ANumberIsTheDoubleNearestToIt(string input, string expected) => Canonical(input).ShouldBe(expected);

    [Theory]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\udc00\":1}")]
    [InlineData("""{"a":1,"b":2,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""[{"x":{"":1,"":1}}]""")]
    public void WhatHasNoCanonicalFormHasNoHash(string input) => PayloadHash.Of(JsonDocument.Parse(input).RootElement).ShouldBeNull();

    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Of(JsonDocument.Parse(json).RootElement));
}
