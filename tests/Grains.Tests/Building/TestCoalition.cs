using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Grains.Identity;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;

namespace FederationNode.Grains.Tests.Building;

/// <summary>A coalition of the secretariat and the members a, b and c. Its keys are always the same.</summary>
internal static class TestCoalition
{
    public const string Name = "demo";
    public const string RosterLog = "demo/secretariat/roster/1";
    public const long Issued = 1_760_000_000;

    public static SigningKey SecretariatKey { get; } = KeyOf("demo/secretariat/signer-1");

    public static TrustAnchor Anchor { get; } = new()
    {
        Coalition = Name,
        Threshold = 1,
        SecretariatKeys = [SecretariatKey.VerificationKey],
        RosterLogKey = KeyOf(RosterLog).VerificationKey,
        Endpoint = "https://127.0.0.1:7100",
        TlsPin = PinOf(Origin.Secretariat),
    };

    public static string Indicators(string member) => $"{Name}/{member}/indicators/1";

    public static string Receipts(string member) => $"{Name}/{member}/receipts/1";

    /// <summary>The key of that name; every name has its own.</summary>
    public static SigningKey KeyOf(string name) =>
        SigningKey.FromSeed(name, Hash256.Of(Encoding.UTF8.GetBytes(name)).Span);

    /// <summary>Verifies checkpoints of a log, as whoever knows its key does.</summary>
    public static CheckpointOpener OpenerOf(string origin)
    {
        bool Open(
            string name,
            ReadOnlySpan<byte> note,
            [NotNullWhen(true)] out Checkpoint? checkpoint,
            [NotNullWhen(false)] out string? error) =>
            Checkpoint.TryOpen(note, KeyOf(origin).VerificationKey, out checkpoint, out error);

        return Open;
    }

    public static NodeIdentity IdentityOf(string member) => new(
        Anchor,
        member,
        member == Origin.Secretariat ? [KeyOf(RosterLog)] : [KeyOf(Indicators(member)), KeyOf(Receipts(member))]);

    public static RosterDocument Roster(int version = 1) => new()
    {
        Coalition = Name,
        Version = version,
        Issued = Issued,
        Expires = Issued + (365 * 86_400),
        Threshold = 1,
        SecretariatKeys = [SecretariatKey.VerificationKey],
        Members =
        [
            Member(Origin.Secretariat, "https://127.0.0.1:7100", "secretariat", RosterLog),
            Member("a", "https://127.0.0.1:7101", "member", Indicators("a"), Receipts("a")),
            Member("b", "https://127.0.0.1:7102", "member", Indicators("b"), Receipts("b")),
            Member("c", "", "member", Indicators("c"), Receipts("c")),
        ],
    };

    public static byte[] Sign(RosterDocument roster) => SignedNote.Sign(roster.ToText(), SecretariatKey);

    /// <summary>The document with one member exchanged.</summary>
    public static RosterDocument With(
        this RosterDocument roster, string member, Func<RosterMember, RosterMember> change) =>
        roster with { Members = [.. roster.Members.Select(m => m.Name == member ? change(m) : m)] };

    private static RosterMember Member(string name, string endpoint, string role, params string[] logs) => new()
    {
        Name = name,
        Endpoint = endpoint,
        TlsPin = PinOf(name),
        Roles = [role],
        Logs = [.. logs.Select(l => new RosterLog(Origin.Parse(l), KeyOf(l).VerificationKey))],
    };

    private static Hash256 PinOf(string member) => Hash256.Of(Encoding.UTF8.GetBytes("tls/" + member));
}
