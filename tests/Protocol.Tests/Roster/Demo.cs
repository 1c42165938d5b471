using System.Collections.Immutable;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Protocol.Tests.Roster;

/// <summary>The coalition "demo": a secretariat with two of three keys and the members alpha and beta.</summary>
internal static class Demo
{
    public const string Coalition = "demo";
    public const long Issued = 1_790_000_000;

    /// <summary>A key whose seed is this byte and the ones after it.</summary>
    public static SigningKey Key(string name, byte seed) =>
        SigningKey.FromSeed(name, [.. Enumerable.Range(seed, SigningKey.SeedSize).Select(b => (byte)b)]);

    public static SigningKey SecretariatKey(int number) => Key($"demo/secretariat/key-{number}", (byte)(0x10 * number));

    public static SigningKey LogKey(string member, string log, int epoch = 1) => Key(
        $"demo/{member}/{log}/{epoch}",
        (byte)((member switch { "secretariat" => 0x40, "alpha" => 0x60, _ => 0x80 }) + (log.Length * epoch)));

    public static Hash256 Pin(string member) => Hash256.Of(System.Text.Encoding.UTF8.GetBytes($"key of {member}"));

    public static TrustAnchor Anchor { get; } = new()
    {
        Coalition = Coalition,
        Threshold = 2,
        SecretariatKeys = Keys(1, 2, 3),
        RosterLogKey = LogKey("secretariat", "roster").VerificationKey,
        Endpoint = "https://127.0.0.1:7100",
        TlsPin = Pin("secretariat"),
    };

    /// <summary>Version 1: the secretariat and alpha.</summary>
    public static RosterDocument First { get; } = new()
    {
        Coalition = Coalition,
        Version = 1,
        Issued = Issued,
        Expires = Issued + (365 * 86_400),
        Threshold = 2,
        SecretariatKeys = Keys(1, 2, 3),
        Members = [Member("secretariat", "roster", "receipts"), Member("alpha", "indicators", "receipts")],
    };

    /// <summary>Version 2: beta and a seller key come in, the third key of the secretariat is replaced.</summary>
    public static RosterDocument Second { get; } = First with
    {
        Version = 2,
        Issued = Issued + 86_400,
        SecretariatKeys = Keys(1, 2, 4),
        SellerKeys = [new SellerKey("tel", 1, Pin("any 32 bytes"))],
        Members = [.. First.Members, Member("beta", "indicators", "receipts") with { Endpoint = "" }],
    };

    /// <summary>Version 3: alpha and beta hold the key for accounts of a shop together; there are quotas.</summary>
    public static RosterDocument Third { get; } = (Second with
    {
        Version = 3,
        SellerKeys = [.. Second.SellerKeys, Shared(2, "alpha", "beta") with { Quota = new TagQuota(5000, 400) }],
    }).With("alpha", m => HoldsKeys(m) with { Quota = new TagQuota(9_000_000, 100_000) }).With("beta", HoldsKeys);

    /// <summary>A key in shares; its points are none, which no roster looks at.</summary>
    public static SellerKey Shared(int threshold, params string[] holders) => new("acct:shop", 1, Pin("C0"))
    {
        Holders = [.. holders],
        Commitments = [.. Enumerable.Range(1, threshold - 1).Select(k => Pin($"C{k}"))],
    };

    public static RosterMember HoldsKeys(RosterMember member) =>
        member with { Roles = [.. member.Roles, RosterMember.KeyHolder] };

    public static RosterMember Member(string name, params string[] logs) => new()
    {
        Name = name,
        Endpoint = $"https://{name}.example:7100",
        TlsPin = Pin(name),
        Roles = [name == "secretariat" ? "secretariat" : "member"],
        Logs = [.. logs.Select(log => LogOf(name, log))],
    };

    public static RosterLog LogOf(string member, string log, int epoch = 1) =>
        new(Origin.Create(Coalition, member, log, epoch), LogKey(member, log, epoch).VerificationKey);

    public static ImmutableArray<VerificationKey> Keys(params int[] numbers) =>
        [.. numbers.Select(n => SecretariatKey(n).VerificationKey)];

    /// <summary>The signed document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="signers">Numbers of the secretariat's keys.</param>
    public static byte[] Sign(RosterDocument document, params int[] signers) =>
        SignedNote.Sign(document.ToText(), [.. signers.Select(SecretariatKey)]);

    /// <summary>The document with one member changed.</summary>
    public static RosterDocument With(this RosterDocument document, string name, Func<RosterMember, RosterMember> change) =>
        document with { Members = [.. document.Members.Select(m => m.Name == name ? change(m) : m)] };
}
