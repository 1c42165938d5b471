using System.Security.Cryptography;
using System.Text;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Sellers;
using FederationNode.Node.Folder;
using FederationNode.Node.Sellers;
using FederationNode.Node.Sellers.Ceremonies;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Node.Tests.Sellers.Ceremonies;

/// <summary>
/// The nodes of a coalition as far as key ceremonies go: each with its folder and its part in ceremonies, which is made anew for
/// each step, as after a crash. Logs are lists; what is appended is read by everybody at once.
/// </summary>
internal sealed class HolderNodes : IDisposable
{
    public const long Start = 1_790_000_000;

    private static readonly SigningKey s_secretariat = KeyOf("signer");

    private readonly string _root = Directory.CreateTempSubdirectory("fednode-ceremonies-").FullName;
    private readonly List<byte[]> _chain = [];
    private readonly SortedDictionary<string, List<CeremonyEntry>> _logs = new(StringComparer.Ordinal);

    public HolderNodes(params string[] members)
    {
        Members = members;
        Roster = new RosterDocument
        {
            Coalition = "test",
            Version = 0,
            Issued = Start,
            Expires = Start + 86_400,
            Threshold = 1,
            SecretariatKeys = [s_secretariat.VerificationKey],
            Members =
            [
                .. members.Prepend(Origin.Secretariat).Select((m, i) => new RosterMember
                {
                    Name = m,
                    Endpoint = FormattableString.Invariant($"https://127.0.0.1:{7100 + i}"),
                    TlsPin = Hash256.Of(Encoding.ASCII.GetBytes(m)),
                    Roles = [m == Origin.Secretariat ? "secretariat" : "member", RosterMember.KeyHolder],
                    Logs = [.. LogsOf(m).Select(l => new RosterLog(Origin.Parse(l), KeyOf(l).VerificationKey))],
                }),
            ],
        };
        Publish(r => r);
    }

    public IReadOnlyList<string> Members { get; }

    public RosterDocument Roster { get; private set; }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeSeconds(Start));

    /// <summary>Runs before something is appended, and after: may throw, as a crash would be.</summary>
    public Action<string, CeremonyMessage, bool> OnSaid { get; set; } = (_, _, _) => { };

    /// <summary>Turns what a member says into something else.</summary>
    public Func<string, CeremonyMessage, CeremonyMessage> Mouth { get; set; } = (_, message) => message;

    public NodeFolder FolderOf(string member) => new(Path.Combine(_root, member));

    public static NodeConfig ConfigOf(string member) => new() { Member = member, ApiListen = "127.0.0.1:0" };

    /// <summary>Puts the next roster into force.</summary>
    public void Publish(Func<RosterDocument, RosterDocument> change)
    {
        Roster = change(Roster) with { Version = Roster.Version + 1 };
        _chain.Add(SignedNote.Sign(Roster.ToText(), s_secretariat));
    }

    public void Publish(SharedKey key) => Publish(r => r with
    {
        SellerKeys = [.. r.SellerKeys.Where(k => (k.Type, k.Epoch) != (key.Scheme.Type.Name, key.Scheme.Epoch)), SellerKey.Of(key)],
    });

    /// <summary>Installs a share as a dealer's.</summary>
    public void Install(KeyShare share)
    {
        var folder = FolderOf(share.Holder);
        NodeFolder.CreateFolder(folder.SellerKeyFolder);
        using var passphrase = SharePassphrase.OfNodeOrNew(folder, ConfigOf(share.Holder));
        ShareFiles.Write(folder.SellerKeyFolder, share, passphrase);
    }

    /// <summary>The secretariat plans a ceremony.</summary>
    public CeremonyPlan Plan(CeremonyPlan plan)
    {
        Append(Origin.Secretariat, plan);
        return plan;
    }

    /// <summary>The operator of a node agrees.</summary>
    public void Join(string member, CeremonyPlan plan)
    {
        var folder = FolderOf(member);
        NodeFolder.CreateFolder(folder.Path);
        using var passphrase = SharePassphrase.OfNodeOrNew(folder, ConfigOf(member));
        CeremonySeeds.Create(folder, plan.Id, passphrase);
    }

    /// <summary>Starts a node, lets it do what is to be done, and stops it.</summary>
    public async Task StepAsync(string member)
    {
        using var shares = HeldShares.Load(FolderOf(member), ConfigOf(member));
        await StepAsync(member, shares);
    }

    public async Task StepAsync(string member, HeldShares shares)
    {
        var identity = IdentityOf(member);
        var board = new RosterBoard(identity, Roster);
        var named = new NamedKeys(() => Task.FromResult<IReadOnlyList<byte[]>?>(_chain), board);
        var logs = new Logs(this, member);
        using var ceremonies = new CeremonyBoard(logs, named, identity, board);
        using var driver = new CeremonyDriver(
            ceremonies, named, logs, shares, FolderOf(member), ConfigOf(member), identity, board, Clock, NullLogger<CeremonyDriver>.Instance);
        await driver.StepAsync(default);
    }

    /// <summary>Lets everybody do what is to be done, in turns, until nobody says anything; crashes are survived.</summary>
    public async Task RunAsync(params string[] members)
    {
        for (var said = -1; said != _logs.Values.Sum(l => l.Count);)
        {
            said = _logs.Values.Sum(l => l.Count);
            foreach (var member in members.Length > 0 ? members : [.. Members])
            {
                try
                {
                    await StepAsync(member);
                }
                catch (IOException)
                {
                    said = -1;
                }
            }
        }
    }

    /// <summary>The ceremonies as a member sees them.</summary>
    public async Task<IReadOnlyList<PlannedCeremony>> SeenByAsync(string member)
    {
        var identity = IdentityOf(member);
        var board = new RosterBoard(identity, Roster);
        using var ceremonies = new CeremonyBoard(
            new Logs(this, member), new NamedKeys(() => Task.FromResult<IReadOnlyList<byte[]>?>(_chain), board), identity, board);
        return await ceremonies.UseAsync(planned => Task.FromResult<IReadOnlyList<PlannedCeremony>>([.. planned]), default);
    }

    public KeyShare? ShareOf(string member, SharedKey key)
    {
        using var passphrase = SharePassphrase.OfNode(FolderOf(member), ConfigOf(member));
        var file = ShareFiles.PathOf(FolderOf(member).SellerKeyFolder, key);
        return File.Exists(file) ? ShareFiles.Read(file, passphrase, member) : null;
    }

    /// <summary>How often a member has said something, in the logs.</summary>
    public int WordsOf(string member) => _logs.GetValueOrDefault(LogsOf(member)[^1])?.Count ?? 0;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string[] LogsOf(string member) =>
        member == Origin.Secretariat ? ["test/secretariat/roster/1", "test/secretariat/receipts/1"] : [$"test/{member}/receipts/1"];

    private static SigningKey KeyOf(string name) => SigningKey.FromSeed(name, SHA256.HashData(Encoding.ASCII.GetBytes(name)));

    private static NodeIdentity IdentityOf(string member)
    {
        var anchor = new TrustAnchor
        {
            Coalition = "test",
            Threshold = 1,
            SecretariatKeys = [s_secretariat.VerificationKey],
            RosterLogKey = KeyOf("test/secretariat/roster/1").VerificationKey,
            Endpoint = "https://127.0.0.1:7100",
            TlsPin = default,
        };
        return new NodeIdentity(anchor, member, [.. LogsOf(member).Select(KeyOf)]);
    }

    private void Append(string member, CeremonyMessage message)
    {
        var log = LogsOf(member)[^1];
        if (!_logs.TryGetValue(log, out var entries))
        {
            _logs[log] = entries = [];
        }

        entries.Add(new CeremonyEntry(entries.Count, Clock.GetUtcNow().ToUnixTimeSeconds(), message.Encode()));
    }

    private sealed class Logs(HolderNodes nodes, string member) : ICeremonyLogs
    {
        public IReadOnlyList<(Origin Log, IReadOnlyList<CeremonyEntry> Entries)> Read() =>
            [.. nodes._logs.Select(l => (Origin.Parse(l.Key), (IReadOnlyList<CeremonyEntry>)[.. l.Value]))];

        public Task ReadOnAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public bool IsCaughtUp(Origin log) => true;

        public Task<string?> SayAsync(Origin log, CeremonyMessage message, CancellationToken cancellationToken)
        {
            Assert.Equal(LogsOf(member)[^1], log.Text);
            nodes.OnSaid(member, message, false);
            nodes.Append(member, nodes.Mouth(member, message));
            nodes.OnSaid(member, message, true);
            return Task.FromResult<string?>(null);
        }
    }
}
