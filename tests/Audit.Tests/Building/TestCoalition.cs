using System.Security.Cryptography;
using System.Text;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Tests.Building;

/// <summary>A secretariat and two members with all their logs; the secretariat's roster needs 2 of 2 keys.</summary>
internal sealed class TestCoalition
{
    public const string Name = "demo";
    public const long Issued = 1_790_000_000;

    private readonly SigningKey[] _keys = [RoleKey("demo/secretariat/key-1"), RoleKey("demo/secretariat/key-2")];

    public TestLog Roster { get; } = new("demo/secretariat/roster/1");

    public TestLog Alpha { get; } = new("demo/alpha/indicators/1");

    public TestLog Beta { get; } = new("demo/beta/indicators/1");

    public TestLog SecretariatReceipts { get; } = new("demo/secretariat/receipts/1");

    public TestLog AlphaReceipts { get; } = new("demo/alpha/receipts/1");

    public TestLog BetaReceipts { get; } = new("demo/beta/receipts/1");

    public IReadOnlyList<TestLog> Logs => [Alpha, AlphaReceipts, Beta, BetaReceipts, SecretariatReceipts, Roster];

    public TrustAnchor Anchor => AnchorOf(_keys);

    /// <summary>Two rosters, listings, and receipts by everybody for everything.</summary>
    public static TestCoalition Create(int alpha = 300, int beta = 3)
    {
        var coalition = new TestCoalition();
        coalition.AddRoster(1);
        coalition.AddRoster(2);
        coalition.Alpha.AddListings(alpha);
        coalition.Beta.AddListings(beta);
        coalition.AddReceipts();
        return coalition;
    }

    public void AddRoster(
        int version, Func<RosterDocument, RosterDocument>? change = null, IReadOnlyList<SigningKey>? signers = null)
    {
        var document = Document(version);
        Roster.Add(
            new RosterPayload(SignedNote.Sign((change?.Invoke(document) ?? document).ToText(), signers ?? _keys)),
            Issued);
    }

    public void AddReceipts()
    {
        Receive(AlphaReceipts, (Beta.Head((int)Beta.Size), 2500), (Roster.Head((int)Roster.Size), 1000));
        Receive(BetaReceipts, (Alpha.Head((int)Alpha.Size / 2), 1500), (Roster.Head(1), 1000));
        Receive(BetaReceipts, (Alpha.Head((int)Alpha.Size), 9500), (Roster.Head((int)Roster.Size), 2000));
        Receive(SecretariatReceipts, (Alpha.Head((int)Alpha.Size), 4000), (Beta.Head((int)Beta.Size), 4000));
        SecretariatReceipts.Add(new HeartbeatPayload([AlphaReceipts.Head(1), Alpha.Head((int)Alpha.Size)]));
    }

    /// <summary>Writes a receipt; times are milliseconds after <see cref="Issued"/>.</summary>
    public static int Receive(TestLog receipts, params (LogHead Head, long After)[] held) =>
        receipts.Add(
            new ReceiptPayload([.. held.Select(h => new HeldHead(h.Head, (Issued * 1000) + h.After))]), Issued + 10);

    public List<ILogSource> Sources() => [.. Logs.Select(l => (ILogSource)l.Source())];

    /// <summary>The copies of all logs, with one in the place of the own one of that log.</summary>
    public List<ILogSource> SourcesWith(TestLog log, MemorySource replacement) =>
        [.. Logs.Select(l => (ILogSource)(l == log ? replacement : l.Source()))];

    public Task<AuditReport> AuditAsync(IReadOnlyList<ILogSource>? sources = null, TrustAnchor? anchor = null) =>
        CoalitionAuditor.AuditAsync(sources ?? Sources(), anchor ?? Anchor, Issued, CancellationToken.None);

    public static TrustAnchor AnchorOf(IReadOnlyList<SigningKey> keys, VerificationKey? rosterLog = null) => new()
    {
        Coalition = Name,
        Threshold = 2,
        SecretariatKeys = [.. keys.Select(k => k.VerificationKey)],
        RosterLogKey = rosterLog ?? new TestLog("demo/secretariat/roster/1").Key.VerificationKey,
        Endpoint = "https://127.0.0.1:7100",
        TlsPin = Hash256.Of("secretariat"u8),
    };

    public static SigningKey RoleKey(string name) =>
        SigningKey.FromSeed(name, SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private RosterDocument Document(int version) => new()
    {
        Coalition = Name,
        Version = version,
        Issued = Issued,
        Expires = Issued + 1000,
        Threshold = 2,
        SecretariatKeys = [.. _keys.Select(k => k.VerificationKey)],
        Members =
        [
            Member("secretariat", "secretariat", SecretariatReceipts, Roster),
            Member("alpha", "member", Alpha, AlphaReceipts),
            Member("beta", "member", Beta, BetaReceipts),
        ],
    };

    /// <summary>The digest of the view of these logs, each up to a size.</summary>
    public static string ViewOf(params (TestLog Log, int Size)[] logs)
    {
        var view = new View();
        foreach (var (log, size) in logs)
        {
            foreach (var entry in log.Entries(size))
            {
                view.Apply(entry);
            }
        }

        return view.Digest().ToString();
    }

    /// <summary>The roster with one log closed.</summary>
    public static RosterDocument Close(RosterDocument document, TestLog log, LogHead end) => document with
    {
        Members =
        [
            .. document.Members.Select(m => m with
            {
                Logs = [.. m.Logs.Select(l => l.Origin.Text == log.Origin ? l with { ClosedAt = end } : l)],
            }),
        ],
    };

    /// <summary>Signs a roster without logging it.</summary>
    public RosterPayload Signed(int version, Func<RosterDocument, RosterDocument> change) =>
        new(SignedNote.Sign(change(Document(version)).ToText(), _keys));

    private static RosterMember Member(string name, string role, params TestLog[] logs) => new()
    {
        Name = name,
        Endpoint = "",
        TlsPin = Hash256.Of(Encoding.UTF8.GetBytes(name)),
        Roles = [role],
        Logs = [.. logs.Select(l => new RosterLog(Origin.Parse(l.Origin), l.Key.VerificationKey))],
    };
}

/// <summary>A folder that is deleted at the end of the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("fednode-audit-").FullName;

    public string Below(string name) => System.IO.Path.Combine(Path, name);

    public static void Write(string directory, IReadOnlyDictionary<string, byte[]> files)
    {
        foreach (var (name, bytes) in files)
        {
            var file = System.IO.Path.Combine([directory, .. name.Split('/')]);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }

    public static Dictionary<string, byte[]> Read(string directory) =>
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories).ToDictionary(
            f => System.IO.Path.GetRelativePath(directory, f).Replace('\\', '/'),
            File.ReadAllBytes,
            StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
