using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Tests.Api;

/// <summary>A coalition with keys of its own: the secretariat, acme and globex.</summary>
internal sealed class TestCoalition
{
    public const string Name = "test";
    public const string Acme = "acme";
    public const string Globex = "globex";

    private readonly Dictionary<string, SigningKey> _logKeys = new(StringComparer.Ordinal);

    public TestCoalition(long now)
    {
        Issued = now;
        foreach (var log in (string[])["secretariat/roster", "acme/indicators", "acme/receipts", "globex/indicators", "globex/receipts"])
        {
            _logKeys[log] = MakeKey($"{Name}/{log}/1");
        }

        SecretariatKey = MakeKey("test/secretariat/signer");
        Anchor = new TrustAnchor
        {
            Coalition = Name,
            Threshold = 1,
            SecretariatKeys = [SecretariatKey.VerificationKey],
            RosterLogKey = LogKey("secretariat/roster").VerificationKey,
            Endpoint = "https://127.0.0.1:7100",
            TlsPin = Hash256.Of("secretariat"u8),
        };
    }

    /// <summary>The key of telephone numbers; the key holder has it, if a test lets it answer truthfully.</summary>
    public static VoprfSecretKey TelephoneKey { get; } = VoprfSecretKey.DeriveFromSeed(Hash256.Of("tel"u8).Span, "voprf/tel/1"u8);

    public long Issued { get; }

    public SigningKey SecretariatKey { get; }

    public TrustAnchor Anchor { get; }

    public SigningKey LogKey(string log) => _logKeys[log];

    public NodeIdentity Identity(string member) =>
        new(Anchor, member, [.. _logKeys.Where(k => k.Key.StartsWith(member + "/", StringComparison.Ordinal)).Select(k => k.Value)]);

    public RosterDocument Roster(int version = 1) => new()
    {
        Coalition = Name,
        Version = version,
        Issued = Issued,
        Expires = Issued + (365 * 86_400),
        Threshold = 1,
        SecretariatKeys = [SecretariatKey.VerificationKey],
        SellerKeys = [new SellerKey("tel", 1, new Hash256(TelephoneKey.PublicKey.Span))],
        Members =
        [
            Member(Origin.Secretariat, "https://127.0.0.1:7100", "secretariat", "secretariat/roster"),
            Member(Acme, "https://127.0.0.1:7101", "member", "acme/indicators", "acme/receipts"),
            Member(Globex, "", "member", "globex/indicators", "globex/receipts"),
        ],
    };

    public byte[] Sign(RosterDocument roster) => SignedNote.Sign(roster.ToText(), SecretariatKey);

    private RosterMember Member(string name, string endpoint, string role, params string[] logs) => new()
    {
        Name = name,
        Endpoint = endpoint,
        TlsPin = Hash256.Of(Encoding.UTF8.GetBytes(name)),
        Roles = [role],
        Logs = [.. logs.Select(l => new RosterLog(Origin.Parse(LogKey(l).VerificationKey.Name), LogKey(l).VerificationKey))],
    };

    private static SigningKey MakeKey(string name) => SigningKey.FromSeed(name, RandomNumberGenerator.GetBytes(SigningKey.SeedSize));
}

/// <summary>A log of another member, as this node would receive it.</summary>
internal sealed class ForeignLog(SigningKey key)
{
    private readonly List<StoredEntry> _entries = [];
    private int _sent;

    public string Origin => key.VerificationKey.Name;

    public int Size => _entries.Count;

    public void Add(Payload payload, long issued)
    {
        var salt = RandomNumberGenerator.GetBytes(ProtocolLimits.SaltSize);
        var bytes = payload.Encode();
        _entries.Add(new StoredEntry(
            new Leaf(Origin, payload.Kind, issued, null, Leaf.Commit(salt, bytes)).Encode(), salt, bytes));
    }

    /// <summary>What was added since the last time, under a checkpoint that covers it.</summary>
    public LogRange TakeRange()
    {
        var tree = new CompactRange();
        Hash256[] before = [];
        for (var i = 0; i < Size; i++)
        {
            before = i == _sent ? [.. tree.Hashes] : before;
            tree.Append(MerkleHash.Leaf(_entries[i].Leaf));
        }

        var checkpoint = new Checkpoint(Origin, Size, tree.Root()).Sign(key);
        var range = new LogRange(checkpoint, _sent, [.. _entries.Skip(_sent)], before, []);
        _sent = Size;
        return range;
    }
}
