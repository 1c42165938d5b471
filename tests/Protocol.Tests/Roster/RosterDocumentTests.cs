using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Quotas;
using Xunit;

namespace FederationNode.Protocol.Tests.Roster;

/// <summary>What must hold within one document: docs/protocol.md, section 9, "Document".</summary>
public sealed class RosterDocumentTests
{
    [Fact]
    public void TryParse_WrittenDocument_IsTheSameDocument()
    {
        var closed = Demo.Second.With("alpha", m => m with
        {
            Status = MemberStatus.Suspended,
            Roles = ["member", "auditor"],
            Logs = [m.Logs[0] with { ClosedAt = new LogHead(m.Logs[0].Origin.Text, 5, Demo.Pin("r")) }, m.Logs[1]],
        }).With("beta", m => m with { Status = MemberStatus.Expelled });
        foreach (var document in new[] { Demo.First, Demo.Second, closed, Demo.Third })
        {
            Assert.True(RosterDocument.TryParse(document.ToText(), out var again, out var error), error);
            Assert.Equal(document.ToText(), again.ToText());
            Assert.Equal(document.SecretariatKeys, again.SecretariatKeys.AsEnumerable());
            Assert.Equal(document.SellerKeys, again.SellerKeys.AsEnumerable());
            Assert.Equal(document.Members.Select(m => m.Quota), again.Members.Select(m => m.Quota));
            Assert.Equal(document.Members.SelectMany(m => m.Logs), again.Members.SelectMany(m => m.Logs));
            Assert.Equal(document.Members.Select(m => (m.Name, m.Status, m.Endpoint, m.TlsPin)), again.Members.Select(m => (m.Name, m.Status, m.Endpoint, m.TlsPin)));
        }
    }

    [Fact]
    public void ToText_Document_IsReadableAndHasNoEmptyLine()
    {
        var text = Demo.Second.ToText();

        Assert.StartsWith("fednode/roster/1\n{\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n}\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\\u", text, StringComparison.Ordinal);
        Assert.Contains($"\"{Demo.SecretariatKey(1).VerificationKey}\"", text, StringComparison.Ordinal);
    }

    /// <summary>A fault, and a word of the error text that names it.</summary>
    public static TheoryData<string, string> Faults() => new()
    {
        { "two members of one name", "called alpha" },
        { "two members with one pin", "tlsPin" },
        { "one key for two logs", "used twice" },
        { "a log key that is a secretariat key", "used twice" },
        { "two secretariat keys alike", "used twice" },
        { "one origin twice", "used twice" },
        { "two open logs of a kind", "two open logs" },
        { "a log of another member", "does not belong" },
        { "a log of another coalition", "does not belong" },
        { "threshold above the keys", "threshold" },
        { "no secretariat keys", "threshold" },
        { "secretariat not first", "first member" },
        { "no members", "first member" },
        { "low-order key", "cannot be enrolled" },
        { "key that is not canonical", "cannot be enrolled" },
        { "cosignature key", "Ed25519" },
        { "bad member name", "name" },
        { "bad coalition name", "coalition" },
        { "expires when issued", "expires" },
        { "no roles", "role" },
        { "a role that is no code", "role" },
        { "two seller keys for one epoch", "seller key" },
        { "a seller key type with a zero byte", "seller key" },
        { "a seller key without holders", "1 to 32 holders, not 0" },
        { "a seller key with a holder twice", "holds two shares" },
        { "a seller key with a holder that is no name", "not the name of a member" },
        { "a seller key with more needed than there are", "has 2 holders, of whom 3" },
        { "a seller key with a holder that is no member", "the holder gamma, which is no member with the role key-holder" },
        { "a seller key with a holder without the role", "the holder secretariat, which is no member with the role" },
        { "a seller key that one member without the role holds", "the holder beta, which is no member with the role" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void TryParse_DocumentWithAFault_IsRefusedAndNamed(string fault, string word)
    {
        Assert.False(RosterDocument.TryParse(Faulty(fault).ToText(), out var document, out var error));
        Assert.Null(document);
        Assert.Contains(word, error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void QuotaOf_MemberGoesBeforeKeyAndKeyBeforeTheDefault()
    {
        Assert.Equal(new TagQuota(9_000_000, 100_000), Demo.Third.QuotaOf("alpha", "acct:shop", 1));
        Assert.Equal(new TagQuota(9_000_000, 100_000), Demo.Third.QuotaOf("alpha", "tel", 1));
        Assert.Equal(new TagQuota(5000, 400), Demo.Third.QuotaOf("beta", "acct:shop", 1));
        Assert.Equal(TagQuota.Default, Demo.Third.QuotaOf("beta", "tel", 1));
    }

    [Fact]
    public void TryParse_LifetimesAndAKeysEnd_AreRead()
    {
        var document = Demo.Second with
        {
            Lifetimes = Demo.Second.Lifetimes.Add("seller", 86_400).Add("keyword", ProtocolLimits.MaxLifetime),
            SellerKeys = [Demo.Second.SellerKeys[0] with { Until = Demo.Issued }],
        };

        Assert.True(RosterDocument.TryParse(document.ToText(), out var again, out var error), error);
        Assert.Equal(document.Lifetimes, again.Lifetimes);
        Assert.Equal(Demo.Issued, again.SellerKeys[0].Until);
        Assert.Equal(document.ToText(), again.ToText());
    }

    [Theory]
    [InlineData("\"seller\": 86399")]
    [InlineData("\"seller\": 158112001")]
    [InlineData("\"Seller\": 86400")]
    [InlineData("\"seller\": \"86400\"")]
    [InlineData("\"seller\": 86400, \"seller\": 86400")]
    public void TryParse_BadLifetimes_AreRefused(string limits) => Assert.False(RosterDocument.TryParse(
        Demo.First.ToText().Replace("\"members\"", $"\"lifetimes\": {{ {limits} }},\n  \"members\"", StringComparison.Ordinal), out _, out _));

    [Fact]
    public void TryParse_PinOfAnExpelledMember_MayComeBack()
    {
        var again = Demo.Second
            .With("alpha", m => m with { Status = MemberStatus.Expelled })
            .With("beta", m => m with { TlsPin = Demo.Pin("alpha") });

        Assert.True(RosterDocument.TryParse(again.ToText(), out var document, out var error), error);
        Assert.Equal("beta", document.ActiveMemberByPin(Demo.Pin("alpha"))!.Name);
    }

    [Fact]
    public void CountsAndActiveMemberByPin_Status_DecidesBoth()
    {
        foreach (var (status, counts, active) in new[]
        {
            (MemberStatus.Active, true, true), (MemberStatus.Suspended, true, false), (MemberStatus.Expelled, false, false),
        })
        {
            var document = Demo.First.With("alpha", m => m with { Status = status });
            Assert.Equal(counts, document.Counts("alpha"));
            Assert.Equal(active, document.ActiveMemberByPin(Demo.Pin("alpha")) is not null);
        }

        Assert.False(Demo.First.Counts("nobody"));
        Assert.Null(Demo.First.ActiveMemberByPin(Demo.Pin("nobody")));
    }

    [Theory]
    [InlineData("https://127.0.0.1:7100", true)]
    [InlineData("https://node.example:1", true)]
    [InlineData("https://node.example:65535", true)]
    [InlineData("https://localhost:443", true)]
    [InlineData("https://[::1]:7100", true)]
    [InlineData("", true)]
    [InlineData("https://xn--bcher-kva.example:7100", true)]
    [InlineData("https://NODE-1.example:7100", true)]
    [InlineData("https://192.0.2.1:7100", true)]
    [InlineData("https://[2001:db8::1]:7100", true)]
    [InlineData("https://al_pha.example:7100", false)]
    [InlineData("https://alpha.example.:7100", false)]
    [InlineData("https://-alpha.example:7100", false)]
    [InlineData("https://alpha-.example:7100", false)]
    [InlineData("https://a..example:7100", false)]
    [InlineData("https://a23456789-123456789-123456789-123456789-123456789-123456789-1234.example:7100", false)]
    [InlineData("https://1.2.3:7100", false)]
    [InlineData("https://01.2.3.4:7100", false)]
    [InlineData("https://1.2.3.256:7100", false)]
    [InlineData("https://7:7100", false)]
    [InlineData("https://[2001:DB8::1]:7100", false)]
    [InlineData("https://[2001:db8:0:0::1]:7100", false)]
    [InlineData("https://[::ffff:1.2.3.4]:7100", false)]
    [InlineData("https://[]:7100", false)]
    [InlineData("https://node.example", false)]
    [InlineData("https://node.example:", false)]
    [InlineData("https://node.example:0", false)]
    [InlineData("https://node.example:65536", false)]
    [InlineData("https://node.example:0443", false)]
    [InlineData("https://node.example:+443", false)]
    [InlineData("https://:7100", false)]
    [InlineData("https://::1:7100", false)]
    [InlineData("https://[::1%25eth0]:7100", false)]
    [InlineData("http://node.example:7100", false)]
    [InlineData("HTTPS://node.example:7100", false)]
    [InlineData("https://node.example:7100/", false)]
    [InlineData("https://node.example:7100/.", false)]
    [InlineData("https://node.example:7100/a/..", false)]
    [InlineData("https://node.example:7100?", false)]
    [InlineData("https://node.example:7100#", false)]
    [InlineData("https://user@node.example:7100", false)]
    [InlineData("https://user:pass@node.example:7100", false)]
    [InlineData("https:\\\\node.example:7100", false)]
    [InlineData(" https://node.example:7100", false)]
    [InlineData("https://node.example:7100 ", false)]
    [InlineData("https://node.example:7100\n", false)]
    [InlineData("https://b\u00fccher.example:7100", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("node.example:7100", false)]
    public void TryParse_Endpoint_IsHttpsHostAndPortOnly(string endpoint, bool ok)
    {
        var text = Demo.First.With("alpha", m => m with { Endpoint = endpoint }).ToText();

        Assert.Equal(ok, RosterDocument.TryParse(text, out _, out var error));
        Assert.Equal(ok, error is null);
    }

    private static RosterDocument Faulty(string fault)
    {
        var roster = Demo.Second;
        return fault switch
        {
            "two members of one name" => roster.With("beta", m => m with { Name = "alpha", Logs = [] }),
            "two members with one pin" => roster.With("beta", m => m with { TlsPin = Demo.Pin("alpha") }),
            "one key for two logs" => WithLog(roster, new RosterLog(Origin.Parse("demo/beta/roster/1"), Named("demo/beta/roster/1", Demo.LogKey("alpha", "indicators").VerificationKey))),
            "a log key that is a secretariat key" => WithLog(roster, new RosterLog(Origin.Parse("demo/beta/roster/1"), Named("demo/beta/roster/1", Demo.SecretariatKey(1).VerificationKey))),
            "two secretariat keys alike" => roster with { SecretariatKeys = [.. Demo.Keys(1, 2), Named("another-name", Demo.SecretariatKey(1).VerificationKey)] },
            "one origin twice" => WithLog(roster, roster.Member("beta")!.Logs[0]),
            "two open logs of a kind" => WithLog(roster, Demo.LogOf("beta", "indicators", 2)),
            "a log of another member" => WithLog(roster, Demo.LogOf("gamma", "roster")),
            "a log of another coalition" => WithLog(roster, new RosterLog(Origin.Parse("other/beta/roster/1"), Demo.Key("other/beta/roster/1", 0xe0).VerificationKey)),
            "threshold above the keys" => roster with { Threshold = 4 },
            "no secretariat keys" => roster with { SecretariatKeys = [] },
            "secretariat not first" => roster with { Members = [.. roster.Members.Reverse()] },
            "no members" => roster with { Members = [] },
            "low-order key" => WithKey(roster, [1, .. new byte[31]]),
            "key that is not canonical" => WithKey(roster, [0xf0, .. Enumerable.Repeat((byte)0xff, 30), 0x7f]),
            "cosignature key" => roster with { SecretariatKeys = [.. Demo.Keys(1, 2), Cosigner()] },
            "bad member name" => roster.With("beta", m => m with { Name = "Beta", Logs = [] }),
            "bad coalition name" => roster with { Coalition = "Demo" },
            "expires when issued" => roster with { Expires = roster.Issued },
            "no roles" => roster.With("beta", m => m with { Roles = [] }),
            "a role that is no code" => roster.With("beta", m => m with { Roles = ["a b"] }),
            "two seller keys for one epoch" => roster with { SellerKeys = [roster.SellerKeys[0], roster.SellerKeys[0]] },
            "a seller key type with a zero byte" => roster with { SellerKeys = [roster.SellerKeys[0] with { Type = "t\0l" }] },
            "a seller key without holders" => WithKeyOf(1),
            "a seller key with a holder twice" => WithKeyOf(2, "alpha", "alpha"),
            "a seller key with a holder that is no name" => WithKeyOf(1, "alpha", "a b"),
            "a seller key with more needed than there are" => WithKeyOf(3, "alpha", "beta"),
            "a seller key with a holder that is no member" => WithKeyOf(2, "alpha", "gamma"),
            "a seller key with a holder without the role" => WithKeyOf(2, "secretariat", "alpha"),
            "a seller key that one member without the role holds" => roster with { SellerKeys = [Demo.Shared(1, "beta")] },
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        };
    }

    private static RosterDocument WithKeyOf(int threshold, params string[] holders) =>
        Demo.Third with { SellerKeys = [Demo.Shared(threshold, holders)] };

    private static RosterDocument WithLog(RosterDocument roster, RosterLog log) =>
        roster.With("beta", m => m with { Logs = [.. m.Logs, log] });

    private static RosterDocument WithKey(RosterDocument roster, byte[] key) => WithLog(roster, new RosterLog(
        Origin.Parse("demo/beta/roster/1"), VerificationKey.Create("demo/beta/roster/1", NoteKeyType.Ed25519, key)));

    private static VerificationKey Named(string name, VerificationKey key) =>
        VerificationKey.Create(name, key.Type, key.PublicKey);

    private static VerificationKey Cosigner() =>
        VerificationKey.Create("witness", NoteKeyType.Cosignature, Demo.SecretariatKey(4).VerificationKey.PublicKey);
}
