using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Protocol.Tests.Roster;

public sealed class EnrolmentRequestTests
{
    private static readonly SigningKey s_indicators = Demo.LogKey("beta", "indicators");
    private static readonly SigningKey s_receipts = Demo.LogKey("beta", "receipts");

    public static EnrolmentRequest Request { get; } = new()
    {
        Coalition = "demo",
        Name = "beta",
        Endpoint = "https://beta.example:7100",
        TlsPin = Demo.Pin("beta"),
        Logs = [s_indicators.VerificationKey, s_receipts.VerificationKey],
    };

    public static byte[] Signed() => Request.Sign([s_indicators, s_receipts]);

    [Fact]
    public void TryOpen_SignedRequest_IsTheRequestAndTheRostersLine()
    {
        Assert.True(EnrolmentRequest.TryOpen(Signed(), out var request, out var error), error);
        Assert.Equal(Request.Logs, request.Logs.AsEnumerable());
        Assert.Equal(Request with { Logs = request.Logs }, request);

        var member = request.ToMember("member");
        Assert.Equal(("beta", Request.Endpoint, Request.TlsPin, MemberStatus.Active), (member.Name, member.Endpoint, member.TlsPin, member.Status));
        Assert.Equal(Demo.Member("beta", "indicators", "receipts").Logs, member.Logs.AsEnumerable());
        var roster = Demo.First with { Members = [.. Demo.First.Members, member] };
        Assert.True(RosterDocument.TryParse(roster.ToText(), out _, out error), error);
    }

    [Fact]
    public void TryOpen_OneSignatureMissing_IsRefused()
    {
        AssertRefused(Request.Sign([s_indicators]));
        AssertRefused(Request.Sign([s_receipts]));
        AssertRefused(Request.Sign([s_indicators, s_indicators]));
        AssertRefused(Request.Sign([s_indicators, Demo.LogKey("alpha", "receipts")]));
        AssertRefused(Request.Sign([Demo.LogKey("alpha", "indicators")]));
    }

    [Fact]
    public void TryOpen_StrangerSignsToo_IsTaken() =>
        Assert.True(EnrolmentRequest.TryOpen(Request.Sign([s_indicators, s_receipts, Demo.SecretariatKey(1)]), out _, out _));

    [Fact]
    public void TryOpen_AnyFlippedBit_IsRefused()
    {
        var note = Signed();
        for (var at = 0; at < note.Length; at++)
        {
            note[at] ^= (byte)(1 << (at % 8));
            AssertRefused(note);
            note[at] ^= (byte)(1 << (at % 8));
        }
    }

    [Fact]
    public void TryOpen_RequestWithAFault_IsRefused()
    {
        AssertRefused(Request with { Name = "alpha" });
        AssertRefused(Request with { Name = "Beta" });
        AssertRefused(Request with { Coalition = "other" });
        AssertRefused(Request with { Endpoint = "https://beta.example" });
        AssertRefused(Request with { Logs = [s_indicators.VerificationKey, s_indicators.VerificationKey] });
        AssertRefused(Request with { Logs = [] });
    }

    [Fact]
    public void TryOpen_KeysThatNoRosterTakes_AreRefused()
    {
        var second = Demo.LogKey("beta", "indicators", 2);
        var twin = Demo.Key("demo/beta/receipts/1", 0x33);
        var other = Demo.Key("demo/beta/indicators/1", 0x34);
        var same = SameKeyAs(s_indicators, "demo/beta/receipts/1");

        AssertRefused((Request with { Logs = [second.VerificationKey] }).Sign([second]));
        AssertRefused((Request with { Logs = [s_indicators.VerificationKey, other.VerificationKey] }).Sign([s_indicators, other]));
        AssertRefused((Request with { Logs = [s_indicators.VerificationKey, same.VerificationKey] }).Sign([s_indicators, same]));
        Assert.True(EnrolmentRequest.TryOpen(
            (Request with { Logs = [s_indicators.VerificationKey, twin.VerificationKey] }).Sign([s_indicators, twin]), out _, out _));
    }

    [Fact]
    public void TryOpen_NoteBeyondTheLimit_IsRefused()
    {
        var text = System.Text.Encoding.UTF8.GetString(Signed()).Split("\n\n")[0];
        foreach (var extra in new[] { 0, 1 })
        {
            var longer = text + new string(' ', EnrolmentRequest.MaxNote - Signed().Length + extra) + "\n";
            var note = SignedNote.Sign(longer, s_indicators, s_receipts);
            Assert.Equal(extra == 0, EnrolmentRequest.TryOpen(note, out _, out _));
        }
    }

    private static SigningKey SameKeyAs(SigningKey key, string name)
    {
        var seed = Convert.FromBase64String(key.ExportText().Split('+', 5)[4])[1..];
        return SigningKey.FromSeed(name, seed);
    }

    private static void AssertRefused(EnrolmentRequest request) => AssertRefused(request.Sign([s_indicators, s_receipts]));

    private static void AssertRefused(byte[] note)
    {
        Assert.False(EnrolmentRequest.TryOpen(note, out var request, out var error));
        Assert.Null(request);
        Assert.NotEmpty(error);
    }
}
