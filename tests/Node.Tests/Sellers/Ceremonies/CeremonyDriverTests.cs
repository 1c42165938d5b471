using System.Security.Cryptography;
using FederationNode.Node.Sellers;
using FederationNode.Node.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FederationNode.Node.Tests.Sellers.Ceremonies;

/// <summary>Nodes hold ceremonies by their logs, whatever happens to them meanwhile.</summary>
public sealed class CeremonyDriverTests : IDisposable
{
    private static readonly SellerScheme s_scheme = new(SellerIdentifierType.Telephone, 1);

    private readonly HolderNodes _nodes = new("a", "b", "c", "d", "e", "f");
    private readonly DealtShares _dealt = new(3, "a", "b", "c", "d", "e");

    public void Dispose()
    {
        _dealt.Dispose();
        _nodes.Dispose();
    }

    [Fact]
    public async Task Step_NewKey_EverybodyHasAShareAndTheSeedsAreForgotten()
    {
        var plan = _nodes.Plan(CeremonyPlan.ForNewKey("test", s_scheme, 1, 2, ["a", "b", "c"]));
        JoinAll(plan, "a", "b", "c");
        await _nodes.RunAsync();

        var ceremony = (await _nodes.SeenByAsync("f")).Single().Ceremony!;
        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.All((string[])["a", "b", "c"], m => Assert.Equal(4, _nodes.WordsOf(m)));
        _nodes.Publish(ceremony.Key!);
        await _nodes.RunAsync();

        foreach (var member in ceremony.Key!.Holders)
        {
            using var share = _nodes.ShareOf(member, ceremony.Key);
            Assert.NotNull(share);
            Assert.Empty(CeremonySeeds.All(_nodes.FolderOf(member)));
        }
    }

    /// <summary>From 3 of 5 to 2 of 3 others and one that stays: the tags are those of before, and the former shares are gone.</summary>
    [Fact]
    public async Task Step_HandedOver_TagsStayAndFormerSharesAreDestroyed()
    {
        InstallDealt();
        var plan = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3, 4, 5], 2, ["e", "f", "secretariat"]));
        JoinAll(plan, "a", "b", "c", "d", "e", "f", "secretariat");
        string[] everybody = [.. _nodes.Members, "secretariat"];
        await _nodes.RunAsync(everybody);
        var key = (await _nodes.SeenByAsync("a")).Single().Ceremony!.Key!;
        Assert.NotNull(_nodes.ShareOf("a", _dealt.Key));

        _nodes.Publish(key);
        await _nodes.RunAsync(everybody);

        Assert.Equal(_dealt.Key.PublicKey, key.PublicKey);
        Assert.All((string[])["a", "b", "c", "d", "e"], m => Assert.Null(_nodes.ShareOf(m, _dealt.Key)));
        var points = DealtShares.Points(3);
        using var e = _nodes.ShareOf("e", key)!;
        using var f = _nodes.ShareOf("f", key)!;
        using var s = _nodes.ShareOf("secretariat", key)!;
        Assert.Equal(_dealt.Evaluate(points), Combine(key, points, e, f));
        Assert.Equal(_dealt.Evaluate(points), Combine(key, points, f, s));

        // What e held before is worth nothing beside what f holds now.
        using var old = _dealt.CopyOf("e");
        Assert.NotEqual(
            _dealt.Evaluate(points),
            HolderAnswerCheck.Combine(key, new Dictionary<int, RistrettoPoint[]>
            {
                [1] = VoprfServer.BlindEvaluate(old.Secret, points),
                [2] = VoprfServer.BlindEvaluate(f.Secret, points),
            }));
    }

    /// <summary>Every node is stopped before or after it said something, again and again.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Step_CrashesAnywhere_EndsAsWithoutThem(int seed)
    {
        InstallDealt();
        var dice = new Random(seed);
        var crashes = 0;
        _nodes.OnSaid = (_, _, _) =>
        {
            if (dice.Next(3) == 0 && crashes++ < 40)
            {
                throw new IOException("The power is gone.");
            }
        };
        var plan = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 4], 2, ["d", "f", "b"]));
        JoinAll(plan, "a", "b", "d", "f");
        await _nodes.RunAsync();

        var ceremony = (await _nodes.SeenByAsync("c")).Single().Ceremony!;
        Assert.True(crashes > 0);
        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.Empty(ceremony.Faults);
        _nodes.Publish(ceremony.Key!);
        await _nodes.RunAsync();

        var points = DealtShares.Points(2);
        using var d = _nodes.ShareOf("d", ceremony.Key!)!;
        using var f = _nodes.ShareOf("f", ceremony.Key!)!;
        Assert.Equal(_dealt.Evaluate(points), Combine(ceremony.Key!, points, d, f));
        Assert.Null(_nodes.ShareOf("a", _dealt.Key));
    }

    [Fact]
    public async Task Step_NotAgreed_NothingIsSaid()
    {
        InstallDealt();
        var plan = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3], 2, ["e", "f"]));
        JoinAll(plan, "a", "b", "e", "f");
        await _nodes.RunAsync();

        var planned = (await _nodes.SeenByAsync("d")).Single();
        Assert.Equal(0, _nodes.WordsOf("c"));
        Assert.Equal((CeremonyStep.Keys, "c"), (planned.Ceremony!.Step, planned.Ceremony.Awaited.Single()));
    }

    /// <summary>Who does not answer is left out by another attempt, and nobody speaks in the first one any more.</summary>
    [Fact]
    public async Task Step_SilentHolder_IsLeftOutOfTheNextAttempt()
    {
        InstallDealt();
        var first = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3, 4], 2, ["e", "f"]));
        JoinAll(first, "a", "b", "d", "e", "f");
        await _nodes.RunAsync();
        var second = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 2, [1, 2, 4], 2, ["e", "f"]));
        JoinAll(second, "a", "b", "d", "e", "f");
        await _nodes.RunAsync();

        var planned = await _nodes.SeenByAsync("c");
        Assert.Equal([false, true], planned.Select(p => p.IsNewest));
        Assert.Equal([CeremonyStep.Keys, CeremonyStep.Done], planned.Select(p => p.Ceremony!.Step));
        Assert.All((string[])["a", "b", "d", "e", "f"], m => Assert.Equal([second.Id], CeremonySeeds.All(_nodes.FolderOf(m))));
    }

    /// <summary>One deals shares that do not fit: its boxes are opened by the complaints, it is named, and the others go on.</summary>
    [Fact]
    public async Task Step_WrongDealer_IsNamedAndLeftOut()
    {
        InstallDealt();
        _nodes.Mouth = (member, message) => member == "b" && message is Dealing dealing
            ? dealing with { Boxes = [.. dealing.Boxes.Select(b => (ReadOnlyMemory<byte>)RandomNumberGenerator.GetBytes(b.Length))] }
            : message;
        var plan = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3, 4], 2, ["e", "f"]));
        JoinAll(plan, "a", "b", "c", "d", "e", "f");
        await _nodes.RunAsync();

        var ceremony = (await _nodes.SeenByAsync("a")).Single().Ceremony!;
        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.Equal(["b"], ceremony.Faults.Select(f => f.Member).Distinct());
        Assert.Equal(["a", "c", "d"], ceremony.Qualified.AsEnumerable());
        Assert.Equal(_dealt.Key.PublicKey, ceremony.Key!.PublicKey);
    }

    [Fact]
    public async Task Step_FalseComplaint_NamesTheHolder()
    {
        InstallDealt();
        _nodes.Mouth = (member, message) => member == "f" && message is Verdict verdict
            ? verdict with { Complaints = [new Complaint(1, DealtShares.Points(1)[0], AnyProof())] }
            : message;
        var plan = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3], 2, ["e", "f"]));
        JoinAll(plan, "a", "b", "c", "e", "f");
        await _nodes.RunAsync();

        var ceremony = (await _nodes.SeenByAsync("a")).Single().Ceremony!;
        Assert.Equal(("f", CeremonyFaultKind.ComplaintProof), ceremony.Faults.Select(f => (f.Member, f.Kind)).Single());
        Assert.Equal(["a", "b", "c"], ceremony.Qualified.AsEnumerable());
    }

    /// <summary>After a week nobody says anything; what was drawn is erased, and the former shares stay.</summary>
    [Fact]
    public async Task Step_TimeIsOver_SeedsAreErasedAndSharesStay()
    {
        InstallDealt();
        var plan = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3], 2, ["e", "f"]));
        JoinAll(plan, "a", "b", "e", "f");
        await _nodes.RunAsync();
        _nodes.Clock.Advance(PlannedCeremony.Lifetime + TimeSpan.FromSeconds(1));
        JoinAll(plan, "c");
        await _nodes.RunAsync();

        Assert.Equal(0, _nodes.WordsOf("c"));
        Assert.All(_nodes.Members, m => Assert.Empty(CeremonySeeds.All(_nodes.FolderOf(m))));
        using var share = _nodes.ShareOf("a", _dealt.Key);
        Assert.NotNull(share);
    }

    /// <summary>A share that was confirmed waits for the roster, however long; when that names another outcome it goes.</summary>
    [Fact]
    public async Task Step_AnotherOutcomeInForce_SharesOfThisOneAreDestroyed()
    {
        InstallDealt();
        var first = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3], 2, ["e", "f"]));
        JoinAll(first, "a", "b", "c", "e", "f");
        await _nodes.RunAsync();
        var lost = (await _nodes.SeenByAsync("a")).Single().Ceremony!.Key!;
        _nodes.Clock.Advance(2 * PlannedCeremony.Lifetime);
        await _nodes.RunAsync();
        Assert.NotNull(_nodes.ShareOf("f", lost));

        var second = _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 2, [1, 2, 3], 2, ["d", "f"]));
        JoinAll(second, "a", "b", "c", "d", "f");
        await _nodes.RunAsync();
        Assert.NotNull(_nodes.ShareOf("f", lost));
        var key = (await _nodes.SeenByAsync("a"))[1].Ceremony!.Key!;
        _nodes.Publish(key);
        await _nodes.RunAsync();

        Assert.Null(_nodes.ShareOf("f", lost));
        Assert.Null(_nodes.ShareOf("e", lost));
        Assert.NotNull(_nodes.ShareOf("f", key));
        Assert.All(_nodes.Members, m => Assert.Empty(CeremonySeeds.All(_nodes.FolderOf(m))));
    }

    /// <summary>A plan in anybody else's log, for another coalition, or that nobody wrote well, is none.</summary>
    [Fact]
    public async Task SeenBy_PlansThatAreNone_AreNotThere()
    {
        _nodes.Plan(CeremonyPlan.ForNewKey("other", s_scheme, 1, 2, ["a", "b"]));
        Assert.Empty(await _nodes.SeenByAsync("a"));
        _nodes.Plan(CeremonyPlan.ForReshare("test", _dealt.Key, 1, [1, 2, 3], 2, ["e", "f"]));
        Assert.Null((await _nodes.SeenByAsync("a")).Single().Ceremony);
    }

    [Fact]
    public async Task Destroy_ShareThatIsInUse_WaitsForWhoUsesIt()
    {
        InstallDealt();
        using var shares = HeldShares.Load(_nodes.FolderOf("a"), HolderNodes.ConfigOf("a"));
        var (inUse, goOn) = (new TaskCompletionSource(), new ManualResetEventSlim());
        var points = DealtShares.Points(2);
        var using1 = Task.Run(() => shares.TryUse(
            _dealt.Key,
            NullLogger.Instance,
            share =>
            {
                inUse.SetResult();
                goOn.Wait();
                return VoprfServer.BlindEvaluate(share.Secret, points);
            },
            out var result)
                ? result
                : null);
        await inUse.Task;
        var destroying = Task.Run(() => shares.Destroy(_dealt.Key));
        goOn.Set();

        Assert.Equal(VoprfServer.BlindEvaluate(_dealt.ShareOf("a").Secret, points), await using1);
        Assert.True(await destroying);
        Assert.False(shares.Destroy(_dealt.Key));
        Assert.Null(shares.Of(_dealt.Key, NullLogger.Instance));
    }

    private void InstallDealt()
    {
        foreach (var holder in _dealt.Key.Holders)
        {
            _nodes.Install(_dealt.ShareOf(holder));
        }

        _nodes.Publish(_dealt.Key);
    }

    private void JoinAll(CeremonyPlan plan, params string[] members)
    {
        foreach (var member in members)
        {
            _nodes.Join(member, plan);
        }
    }

    private static DleqProof AnyProof()
    {
        using var key = VoprfSecretKey.DeriveFromSeed(new byte[VoprfSecretKey.SeedSize], "any"u8);
        var points = DealtShares.Points(1);
        return DleqProof.Create(key, points, VoprfServer.BlindEvaluate(key, points), RandomNumberGenerator.GetBytes(DleqProof.RandomSize));
    }

    private static RistrettoPoint[] Combine(SharedKey key, RistrettoPoint[] points, params KeyShare[] shares) =>
        [.. HolderAnswerCheck.Combine(key, shares.ToDictionary(s => s.Number, s => VoprfServer.BlindEvaluate(s.Secret, points)))];
}
