using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Peers;
using FederationNode.Node.Sellers;
using FederationNode.Node.Tests.Peers;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Node.Tests.Sellers;

/// <summary>A node asks holders that answer, do not, or answer wrongly; three of five are enough.</summary>
public sealed class HolderQuorumTests : IDisposable
{
    private static readonly string[] s_holders = ["a", "b", "c", "d", "e"];

    private readonly DealtShares _dealt = new(3, s_holders);
    private readonly PauseClock _clock = new();
    private readonly LogLines _lines = new();
    private readonly ScriptedHolders _holders;
    private readonly HolderBoard _board;

    public HolderQuorumTests()
    {
        _holders = new ScriptedHolders(_dealt);
        _board = new HolderBoard(_clock);
    }

    public void Dispose()
    {
        _dealt.Dispose();
        _lines.Dispose();
    }

    [Fact]
    public async Task Evaluate_AllWell_AsksAsManyAsAreNeededAndGivesWhatTheWholeKeyGives()
    {
        var points = DealtShares.Points(50);

        var answer = await Quorum().EvaluateAsync(_dealt.Key, points, default);

        Assert.Equal(_dealt.Evaluate(points), answer.Evaluated);
        Assert.Equal(3, answer.Holders.Count);
        Assert.Equal(answer.Holders, _holders.Asked.Order());
    }

    [Fact]
    public async Task Evaluate_AnyTwoOutOfReach_TheOthersAnswer()
    {
        var points = DealtShares.Points(3);
        foreach (var (i, j) in from i in Enumerable.Range(0, 5) from j in Enumerable.Range(0, i) select (i, j))
        {
            _holders.All("good");
            _holders.Set(s_holders[i], "gone");
            _holders.Set(s_holders[j], "gone");

            var answer = await Quorum().EvaluateAsync(_dealt.Key, points, default);

            Assert.Equal(_dealt.Evaluate(points), answer.Evaluated);
            Assert.Equal(s_holders.Except([s_holders[i], s_holders[j]]), answer.Holders);
        }
    }

    [Theory]
    [InlineData("turned", "WrongProof")]
    [InlineData("another share", "WrongProof")]
    [InlineData("too few", "WrongCount")]
    [InlineData("identity", "BadElement")]
    [InlineData("no proof", "MalformedProof")]
    public async Task Evaluate_WrongAnswer_IsDroppedAndItsHolderNamed(string how, string kind)
    {
        _holders.Set("c", how);
        _holders.Set("d", "gone");
        var points = DealtShares.Points(4);

        // Whoever is asked first: in the end c was.
        while (!_holders.Asked.Contains("c"))
        {
            Assert.Equal(_dealt.Evaluate(points), (await Quorum().EvaluateAsync(_dealt.Key, points, default)).Evaluated);
        }

        var (holder, fault) = Assert.Single(_board.Distrusted());
        Assert.Equal("c", holder);
        Assert.NotEmpty(fault);
        Assert.Contains(_lines.All, l => l.StartsWith($"The holder c answered wrongly to a request for tags voprf/tel/1: {kind}", StringComparison.Ordinal));
        Assert.Equal(2, _board.Rank("c"));
        Assert.Equal(1, Assert.Single(_board.Rows(), r => r.Holder == "c").Wrong);

        _clock.Advance(TimeSpan.FromHours(25));
        Assert.Empty(_board.Distrusted());
    }

    [Fact]
    public async Task Evaluate_TooFewLeft_SaysHowManyAnsweredAndWhoDidNot()
    {
        _holders.Set("a", "gone");
        _holders.Set("c", "404");
        _holders.Set("e", "turned");

        var missing = await Assert.ThrowsAsync<HoldersMissingException>(
            () => Quorum().EvaluateAsync(_dealt.Key, DealtShares.Points(2), default));

        string[] answered = [.. ((string[])["b", "d"]).Intersect(_holders.Asked)];
        var who = answered.Length == 0 ? "" : $" ({string.Join(", ", answered)})";
        Assert.StartsWith(
            $"{answered.Length} of the 3 holders that a tag voprf/tel/1 takes answered{who}. No good answer came from ",
            missing.Message,
            StringComparison.Ordinal);
        Assert.Equal(["a", "c", "e"], missing.Failures.Select(f => f.Holder).Order());
        Assert.Contains("a: out of reach", missing.Message, StringComparison.Ordinal);
        Assert.Contains("c: holds no share of this key", missing.Message, StringComparison.Ordinal);
        Assert.Contains("e: its answer is wrong (The proof does not hold", missing.Message, StringComparison.Ordinal);
        Assert.All(
            s_holders.Except(_holders.Asked),
            h => Assert.Matches($"Not asked, since they would be too few: .*{h}", missing.Message));
        Assert.Null(missing.RetryAfter);
    }

    [Fact]
    public async Task Evaluate_TooManyRefuseForNow_SaysWhenEnoughTakeMore()
    {
        using var all = new DealtShares(3, "a", "b", "c");
        foreach (var (holder, script) in s_holders.Zip(["429 40", "429 10", "429 5"]))
        {
            _holders.Set(holder, script);
        }

        var missing = await Assert.ThrowsAsync<HoldersMissingException>(
            () => Quorum().EvaluateAsync(all.Key, DealtShares.Points(1), default));

        Assert.Equal(TimeSpan.FromSeconds(40), missing.RetryAfter);
        Assert.Contains("a: takes no more from this member before 2000-01-01 00:00:40 UTC", missing.Message, StringComparison.Ordinal);
        _holders.Set("c", "gone");
        missing = await Assert.ThrowsAsync<HoldersMissingException>(
            () => Quorum().EvaluateAsync(all.Key, DealtShares.Points(1), default));
        Assert.Null(missing.RetryAfter);
    }

    [Fact]
    public async Task Evaluate_SlowHolders_OthersAreAskedBesideThem()
    {
        _holders.All("silent");
        var points = DealtShares.Points(2);
        var evaluating = Quorum().EvaluateAsync(_dealt.Key, points, default);
        await _holders.UntilAskedAsync(3);
        var slow = _holders.Asked.ToList();
        _holders.All("good");

        await _clock.UntilPausedAsync();
        _clock.Advance(TimeSpan.FromSeconds(6));
        await _holders.UntilAskedAsync(5);
        _holders.Release(slow[1]);

        var answer = await evaluating;
        Assert.Equal(_dealt.Evaluate(points), answer.Evaluated);
        Assert.Equal(s_holders.Except(slow).Append(slow[1]).Order(), answer.Holders);
        Assert.All(slow, h => Assert.Equal(1, Assert.Single(_board.Rows(), r => r.Holder == h).Slow));
        Assert.Equal(5, _holders.Asked.Count);
    }

    [Fact]
    public async Task Evaluate_NobodyAnswers_EndsAfterTheirTime()
    {
        _holders.All("silent");
        var evaluating = Quorum().EvaluateAsync(_dealt.Key, DealtShares.Points(1), default);
        await _holders.UntilAskedAsync(3);
        await _clock.UntilPausedAsync();
        _clock.Advance(TimeSpan.FromSeconds(6));
        await _holders.UntilAskedAsync(5);

        _clock.Advance(TimeSpan.FromSeconds(31));

        var missing = await Assert.ThrowsAsync<HoldersMissingException>(() => evaluating);
        Assert.StartsWith("0 of the 3 holders", missing.Message, StringComparison.Ordinal);
        Assert.Contains("no answer within 30 s", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_CallerGivesUp_EndsAtOnceAndBlamesNobody()
    {
        _holders.All("silent");
        using var stop = new CancellationTokenSource();
        var evaluating = Quorum().EvaluateAsync(_dealt.Key, DealtShares.Points(1), stop.Token);
        await _holders.UntilAskedAsync(3);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => evaluating);
        Assert.Empty(_board.Rows());
    }

    [Fact]
    public async Task Evaluate_HolderThatFailedAMomentAgo_IsAskedLast()
    {
        _holders.Set("b", "gone");
        while (_board.Rank("b") == 0)
        {
            await Quorum().EvaluateAsync(_dealt.Key, DealtShares.Points(1), default);
        }

        _holders.Clear();
        for (var i = 0; i < 10; i++)
        {
            await Quorum().EvaluateAsync(_dealt.Key, DealtShares.Points(1), default);
        }

        Assert.DoesNotContain("b", _holders.Asked);
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(0, _board.Rank("b"));
    }

    [Fact]
    public async Task Evaluate_OwnShare_IsUsedFirstAndNotOverTheWire()
    {
        var roster = new RosterBoard(IdentityOf("b"), Roster());
        using var shares = new HeldShares(_dealt.CopyOf("b"));
        using var own = new LocalSellerEvaluator(shares, roster, new SharedKeys(roster), new NoAllowance(), Logger<LocalSellerEvaluator>());
        var points = DealtShares.Points(2);

        for (var i = 0; i < 5; i++)
        {
            var answer = await Quorum("b", own).EvaluateAsync(_dealt.Key, points, default);
            Assert.Equal(_dealt.Evaluate(points), answer.Evaluated);
            Assert.Contains("b", answer.Holders);
        }

        Assert.Equal(10, _holders.Asked.Count);
        Assert.DoesNotContain("b", _holders.Asked);
    }

    private HolderQuorum Quorum(string member = "client", ISellerEvaluator? own = null) => new(
        _holders,
        IdentityOf(member),
        own ?? new NoShares(),
        _board,
        new QuorumOptions(),
        _clock,
        Logger<HolderQuorum>());

    private ILogger<T> Logger<T>() => new LoggerFactory([_lines]).CreateLogger<T>();

    private RosterDocument Roster() => new()
    {
        Coalition = "test",
        Version = 1,
        Issued = 1,
        Expires = 2,
        Threshold = 1,
        SecretariatKeys = [],
        SellerKeys = [SellerKey.Of(_dealt.Key)],
        Members = [],
    };

    private static NodeIdentity IdentityOf(string member)
    {
        var key = SigningKey.FromSeed("test/secretariat/roster/1", SHA256.HashData(Encoding.ASCII.GetBytes("roster")));
        var anchor = new TrustAnchor
        {
            Coalition = "test",
            Threshold = 1,
            SecretariatKeys = [key.VerificationKey],
            RosterLogKey = key.VerificationKey,
            Endpoint = "https://127.0.0.1:7100",
            TlsPin = default,
        };
        return new NodeIdentity(anchor, member, []);
    }

    /// <summary>Tells when somebody begins to wait for slow holders: a clock that is turned before wakes nobody.</summary>
    private sealed class PauseClock : FakeTimeProvider
    {
        private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task UntilPausedAsync() => _paused.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == new QuorumOptions().SlowAfter)
            {
                _paused.TrySetResult();
            }

            return timer;
        }
    }

    /// <summary>Holders that do what a test tells them.</summary>
    private sealed class ScriptedHolders(DealtShares dealt) : NoTransport
    {
        private readonly ConcurrentDictionary<string, string> _scripts = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _silent = new(StringComparer.Ordinal);
        private readonly ConcurrentQueue<string> _asked = new();
        private readonly Channel<string> _signal = Channel.CreateUnbounded<string>();
        private int _seen;

        public ConcurrentQueue<string> Asked => _asked;

        public void Set(string holder, string script) => _scripts[holder] = script;

        public void All(string script) => Array.ForEach(s_holders, h => Set(h, script));

        public void Clear() => _asked.Clear();

        public void Release(string holder) => _silent[holder].SetResult();

        /// <summary>Waits until holders were asked so often in all.</summary>
        public async Task UntilAskedAsync(int count)
        {
            for (; _seen < count; _seen++)
            {
                await _signal.Reader.ReadAsync();
            }
        }

        public override async Task<EvaluatedMessage> EvaluateAsync(
            string member, EvaluateMessage request, CancellationToken cancellationToken)
        {
            var script = _scripts.GetValueOrDefault(member, "good");
            var silent = _silent.GetOrAdd(member, _ => new TaskCompletionSource());
            _asked.Enqueue(member);
            Assert.True(_signal.Writer.TryWrite(member));
            if (script == "silent")
            {
                await silent.Task.WaitAsync(cancellationToken);
            }

            if (script == "gone")
            {
                throw new PeerException(member, "no answer");
            }

            if (char.IsAsciiDigit(script[0]))
            {
                var parts = script.Split(' ');
                throw new PeerException(member, "refused")
                {
                    Status = int.Parse(parts[0]),
                    RetryAfter = parts.Length > 1 ? TimeSpan.FromSeconds(int.Parse(parts[1])) : null,
                };
            }

            var share = dealt.ShareOf(script == "another share" ? s_holders.First(h => h != member) : member);
            Assert.True(
                VoprfServer.TryEvaluate(
                    share.Secret, request.Blinded, RandomNumberGenerator.GetBytes(DleqProof.RandomSize), out var good, out var error),
                error);
            var points = good.Elements.Select(e => e.ToArray()).ToArray();
            return new EvaluatedMessage
            {
                Evaluated = script switch
                {
                    "turned" => [.. points.Reverse()],
                    "too few" => [.. points.Skip(1)],
                    "identity" => [.. points.Skip(1), new byte[32]],
                    _ => points,
                },
                Proof = script == "no proof" ? [.. Enumerable.Repeat((byte)0xff, 64)] : good.Proof.ToArray(),
            };
        }
    }
}
