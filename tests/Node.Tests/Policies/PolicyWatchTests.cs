using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using FederationNode.Node.Tests.Api;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Node.Tests.Policies;

public sealed class PolicyWatchTests : IDisposable
{
    private const string Strict = """{"kinds":{"seller":{"blockAt":5}}}""";
    private const string Lax = """{ "kinds": {"seller": {"blockAt": 1}}}""";

    private readonly string _path = Directory.CreateTempSubdirectory("fednode-policy-").FullName;
    private readonly FakeTimeProvider _clock = new();
    private readonly NodeFolder _folder;

    public PolicyWatchTests() => _folder = new NodeFolder(_path);

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void Look_NothingChanged_NotReadAgain()
    {
        Write(Strict);
        var (watch, board) = Start();
        var before = board.Current;

        watch.Look();

        Assert.Same(before, board.Current);
    }

    [Fact]
    public void Look_FileWrittenOver_TakenUp()
    {
        Write(Strict);
        var (watch, board) = Start();
        Assert.Equal(5, BlockAt(board));

        Write(Lax);
        watch.Look();

        Assert.Equal(1, BlockAt(board));
        Assert.Empty(board.Alarms);
    }

    [Fact]
    public void Look_RenamedIntoItsPlace_TakenUpEvenIfOlder()
    {
        Write(Strict);
        var (watch, board) = Start();
        var other = Path.Combine(_path, "new.json");
        File.WriteAllText(other, Lax);
        File.SetLastWriteTimeUtc(other, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        File.Move(other, _folder.PolicyFile, overwrite: true);
        watch.Look();

        Assert.Equal(1, BlockAt(board));
    }

    [Fact]
    public void Look_FileAppears_TakenUp()
    {
        var (watch, board) = Start();
        Assert.Equal(2, BlockAt(board));

        Write(Lax);
        watch.Look();

        Assert.Equal(1, BlockAt(board));
    }

    [Fact]
    public void Look_Wrong_TheOneBeforeStaysWithAnAlarmUntilItIsRight()
    {
        Write(Strict);
        var (watch, board) = Start();

        // The first setting alone would be fine: never half a policy.
        Write("""{"trusted":["ifaw"],"kinds":{"seller":{"blockAt":-1}}}""");
        watch.Look();

        Assert.Equal(5, BlockAt(board));
        Assert.Empty(board.Verdicts.Trusted);
        Assert.Equal(
            "The policy on the disk is not in force, the one before it still is: "
                + $"{_folder.PolicyFile}, line 1: \"kinds.seller.blockAt\" must be 0 to 1000.",
            Assert.Single(board.Alarms));
        watch.Look();
        Assert.Single(board.Alarms);

        Write(Lax);
        watch.Look();
        Assert.Equal(1, BlockAt(board));
        Assert.Empty(board.Alarms);
    }

    [Fact]
    public void Look_Gone_TheOneBeforeStaysWithAnAlarm()
    {
        Write(Strict);
        var (watch, board) = Start();

        File.Delete(_folder.PolicyFile);
        watch.Look();

        Assert.Equal(5, BlockAt(board));
        Assert.EndsWith(
            $"{_folder.PolicyFile} is gone: put it back, or write {{}} into it to go back to the defaults.",
            Assert.Single(board.Alarms),
            StringComparison.Ordinal);

        Write("{}");
        watch.Look();
        Assert.Equal(2, BlockAt(board));
        Assert.Empty(board.Alarms);
    }

    [Fact]
    public void Look_WrongFileTakenAwayAgain_NoAlarmIsLeft()
    {
        var (watch, board) = Start();
        Write("{");
        watch.Look();
        Assert.Single(board.Alarms);

        File.Delete(_folder.PolicyFile);
        watch.Look();

        Assert.Empty(board.Alarms);
        Assert.Equal(2, BlockAt(board));
    }

    [Fact]
    public void Look_NamedFileChanges_TakenUpOrRefused()
    {
        var sellers = Path.Combine(_path, "sellers.txt");
        File.WriteAllText(sellers, "");
        Write("""{"allow":{"verifiedSellers":"sellers.txt"}}""");
        var (watch, board) = Start();
        Assert.Equal(0, board.Verdicts.Allowed.SellerCount);

        File.WriteAllText(sellers, new string('a', 64) + "\n");
        watch.Look();
        Assert.Equal(1, board.Verdicts.Allowed.SellerCount);

        File.WriteAllText(sellers, new string('a', 64) + "\nnonsense\n");
        watch.Look();
        Assert.Equal(1, board.Verdicts.Allowed.SellerCount);
        Assert.EndsWith(
            $"\"allow.verifiedSellers\" names {sellers}, whose line 2 must be a seller's tag: 64 lower-case hexadecimal digits.",
            Assert.Single(board.Alarms),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Look_FileThatOnlyARefusedPolicyNames_IsWatchedToo()
    {
        Write(Strict);
        var (watch, board) = Start();
        Write("""{"allow":{"verifiedSellers":"sellers.txt"}}""");
        watch.Look();
        Assert.Single(board.Alarms);

        File.WriteAllText(Path.Combine(_path, "sellers.txt"), new string('b', 64));
        watch.Look();

        Assert.Empty(board.Alarms);
        Assert.Equal(1, board.Verdicts.Allowed.SellerCount);
    }

    [Fact]
    public async Task Execute_LooksEverySecondByItsClock()
    {
        Write(Strict);
        var (watch, board) = Start();
        await watch.StartAsync(default);
        Write(Lax);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (BlockAt(board) != 1)
        {
            patience.Token.ThrowIfCancellationRequested();
            _clock.Advance(PolicyWatch.Interval);
            await Task.Yield();
        }

        await watch.StopAsync(default);
        watch.Dispose();
    }

    private static int BlockAt(PolicyBoard board) => board.Verdicts.Kinds[IndicatorKind.Seller].BlockAt;

    private void Write(string json) => File.WriteAllText(_folder.PolicyFile, json);

    private (PolicyWatch Watch, PolicyBoard Board) Start()
    {
        var board = new PolicyBoard(PolicyReader.Load(_folder, TestCoalition.Acme));
        var identity = new TestCoalition(1_790_000_000).Identity(TestCoalition.Acme);
        return (new PolicyWatch(board, _folder, identity, _clock, NullLogger<PolicyWatch>.Instance), board);
    }
}
