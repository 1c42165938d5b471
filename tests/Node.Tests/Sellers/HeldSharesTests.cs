using System.Security.Cryptography;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Node.Sellers;
using FederationNode.Node.Tests.Peers;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FederationNode.Node.Tests.Sellers;

/// <summary>Shares at rest, and what a holder answers with them.</summary>
public sealed class HeldSharesTests : IDisposable
{
    private static readonly NodeConfig s_config = new() { Member = "b", ApiListen = "127.0.0.1:0" };

    private readonly string _path = Directory.CreateTempSubdirectory("fednode-shares-").FullName;
    private readonly DealtShares _dealt = new(2, "a", "b", "c");
    private readonly NodeFolder _folder;

    public HeldSharesTests()
    {
        _folder = new NodeFolder(_path);
        NodeFolder.CreateFolder(_folder.SellerKeyFolder);
    }

    public void Dispose()
    {
        _dealt.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public void Load_SealedShare_OpensAndNoSecretLiesOpen()
    {
        Install("b");

        using var held = HeldShares.Load(_folder, s_config);

        Assert.Equal(2, held.Of(_dealt.Key, NullLogger.Instance)!.Number);
        var secret = _dealt.ShareOf("b").Encode().AsSpan(2, 32).ToArray();
        Assert.All(
            Directory.GetFiles(_path, "*", SearchOption.AllDirectories),
            f => Assert.Equal(-1, File.ReadAllBytes(f).AsSpan().IndexOf(secret)));
    }

    [Fact]
    public void Load_NoShares_NeedsNoPassphrase()
    {
        using var held = HeldShares.Load(_folder, s_config);

        Assert.Null(held.Of(_dealt.Key, NullLogger.Instance));
    }

    [Theory]
    [InlineData("no passphrase", "share.passphrase cannot be read")]
    [InlineData("short passphrase", "share.passphrase must hold a passphrase of 16 to 1024 bytes, not of 5")]
    [InlineData("other passphrase", "The passphrase is not the one")]
    [InlineData("damaged", "The sealed secret is damaged")]
    [InlineData("another's", "is the share of c, and this is the node of b")]
    [InlineData("twice", "another file of the folder holds, too")]
    public void Load_WhatCannotBe_IsNamed(string what, string says)
    {
        Install(what == "another's" ? "c" : "b");
        var file = ShareFiles.PathOf(_folder.SellerKeyFolder, _dealt.Key);
        var passphrase = _folder.SharePassphraseFile(s_config);
        switch (what)
        {
            case "no passphrase":
                File.Delete(passphrase);
                break;
            case "short passphrase":
                File.WriteAllText(passphrase, "abcde\n");
                break;
            case "other passphrase":
                using (var other = SharePassphrase.Make())
                {
                    other.Write(passphrase);
                }

                break;
            case "damaged":
                var bytes = File.ReadAllBytes(file);
                bytes[^40] ^= 1;
                File.WriteAllBytes(file, bytes);
                break;
            case "twice":
                File.Copy(file, Path.Combine(_folder.SellerKeyFolder, "copy.share"));
                break;
        }

        var fault = Assert.Throws<NodeFolderException>(() => HeldShares.Load(_folder, s_config));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(_path, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ShareThatIsInstalledLater_IsTakenUp()
    {
        using var held = HeldShares.Load(_folder, s_config);
        Assert.Null(held.Of(_dealt.Key, NullLogger.Instance));

        Install("b");

        Assert.Equal(2, held.Of(_dealt.Key, NullLogger.Instance)!.Number);
    }

    [Fact]
    public void Of_BadShareThatIsInstalledLater_IsTriedOnceAndTold()
    {
        using var held = HeldShares.Load(_folder, s_config);
        using var lines = new LogLines();
        Install("c");

        Assert.Null(held.Of(_dealt.Key, lines));
        Assert.Null(held.Of(_dealt.Key, lines));

        Assert.Single(lines.All);
    }

    [Fact]
    public void LeftoverOf_WholeKeyThatWasDealt_IsNamedUntilItsFileIsGone()
    {
        using var whole = KeyShareOfOne(out var scalar);
        using (var passphrase = SharePassphrase.OfNodeOrNew(_folder, s_config))
        {
            ShareFiles.Write(_folder.SellerKeyFolder, whole, passphrase);
        }

        using var held = HeldShares.Load(_folder, s_config);
        Assert.True(KeyDealing.TryDeal(
            whole.Key.Scheme, ["a", "b"], 2, scalar, RandomNumberGenerator.GetBytes(KeyDealing.RandomSize(2)), out var dealing, out _));
        using (dealing)
        {
            Assert.Null(held.LeftoverOf(whole.Key));
            Assert.Null(held.LeftoverOf(_dealt.Key));
            var file = ShareFiles.PathOf(_folder.SellerKeyFolder, whole.Key);
            Assert.Equal(file, held.LeftoverOf(dealing.Key));

            File.Delete(file);
            Assert.Null(held.LeftoverOf(dealing.Key));
        }
    }

    [Fact]
    public void SharePassphrase_Chosen_CostsMoreToGuess()
    {
        File.WriteAllText(_folder.SharePassphraseFile(s_config), "correct horse battery staple\r\n");
        using var chosen = SharePassphrase.OfNode(_folder, s_config);
        using var made = SharePassphrase.Make();

        Assert.Equal("correct horse battery staple"u8, chosen.Bytes);
        Assert.True(chosen.Cost.MemoryKibibytes > made.Cost.MemoryKibibytes);
    }

    [Fact]
    public async Task Evaluate_Share_ProvesItselfAgainstThePublishedCommitments()
    {
        using var evaluator = Evaluator("b", out var shares);
        using (shares)
        {
            var points = DealtShares.Points(7);

            var evaluation = await evaluator.EvaluateAsync("a", Request([.. points.Select(p => p.ToArray())]), default);

            Assert.Equal(EvaluationOutcome.Evaluated, evaluation.Outcome);
            Assert.True(HolderAnswerCheck.TryTake(
                _dealt.Key, 2, points, new HolderAnswer(evaluation.Answer!.Evaluated, evaluation.Answer.Proof), out _, out _));
        }
    }

    [Theory]
    [InlineData("identity", "Element 1: ")]
    [InlineData("not canonical", "Element 1: ")]
    [InlineData("short", "Element 1: ")]
    [InlineData("none", "1 to 4000 points")]
    [InlineData("too many", "1 to 4000 points")]
    public async Task Evaluate_BadBatch_IsRefusedWhole(string what, string says)
    {
        using var evaluator = Evaluator("b", out var shares);
        using (shares)
        {
            var good = DealtShares.Points(1)[0].ToArray();
            byte[][] batch = what switch
            {
                "identity" => [good, new byte[32]],
                "not canonical" => [good, [.. Enumerable.Repeat((byte)0xff, 32)]],
                "short" => [good, new byte[31]],
                "none" => [],
                _ => [.. Enumerable.Repeat(good, 4001)],
            };

            var evaluation = await evaluator.EvaluateAsync("a", Request(batch), default);

            Assert.Equal(EvaluationOutcome.BadPoint, evaluation.Outcome);
            Assert.Null(evaluation.Answer);
            Assert.Contains(says, evaluation.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Counted before it is looked at: a bad batch has cost the member as much as a good one.</summary>
    [Fact]
    public async Task Evaluate_BeyondTheQuota_IsRefusedWithTheTime()
    {
        var allowance = new Allowance(left: 5);
        using var evaluator = Evaluator("b", out var shares, allowance);
        using (shares)
        {
            Assert.Equal(EvaluationOutcome.BadPoint, (await evaluator.EvaluateAsync("a", Request([new byte[32], new byte[32]]), default)).Outcome);
            Assert.Equal(3, allowance.Left);
            byte[][] four = [.. DealtShares.Points(4).Select(p => p.ToArray())];

            var refused = await evaluator.EvaluateAsync("a", Request(four), default);

            Assert.Equal((EvaluationOutcome.QuotaExceeded, "too much", TimeSpan.FromSeconds(9)), (refused.Outcome, refused.Error, refused.RetryAfter));
            Assert.Null(refused.Answer);
            Assert.Equal(EvaluationOutcome.Evaluated, (await evaluator.EvaluateAsync("a", Request(four[..3]), default)).Outcome);
            Assert.Equal(0, allowance.Left);
        }
    }

    [Fact]
    public async Task Evaluate_KeyOrShareThatThereIsNot_IsUnknown()
    {
        using var evaluator = Evaluator("b", out var shares);
        using (shares)
        {
            var request = Request([DealtShares.Points(1)[0].ToArray()]);
            var other = new EvaluateMessage { Type = "email", Epoch = 1, Blinded = request.Blinded };

            Assert.Equal(EvaluationOutcome.UnknownKey, (await evaluator.EvaluateAsync("a", other, default)).Outcome);
            using var nobody = new LocalSellerEvaluator(
                new HeldShares(), Board(), new SharedKeys(Board()), new NoAllowance(), NullLogger<LocalSellerEvaluator>.Instance);
            var refused = await nobody.EvaluateAsync("a", request, default);
            Assert.Equal(EvaluationOutcome.UnknownKey, refused.Outcome);
            Assert.Contains("holds no share of the key voprf/tel/1", refused.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Who only looks on gets no tags, and nothing is counted for it.</summary>
    [Theory]
    [InlineData("observer", false)]
    [InlineData("auditor", false)]
    [InlineData("key-holder", false)]
    [InlineData("member", true)]
    [InlineData("secretariat", true)]
    public async Task Evaluate_ByRole_MembersAndTheSecretariatOnly(string role, bool isServed)
    {
        var board = Board();
        var roster = board.Current! with
        {
            Members = [.. board.Current.Members.Select(m => m.Name == "a" ? m with { Roles = [role] } : m)],
        };
        using var coalition = new PeerCoalition();
        var changed = new RosterBoard(coalition.IdentityOf("b"), roster);
        var allowance = new Allowance(10);
        using var shares = new HeldShares(_dealt.CopyOf("b"));
        using var evaluator = new LocalSellerEvaluator(
            shares, changed, new SharedKeys(changed), allowance, NullLogger<LocalSellerEvaluator>.Instance);

        var answer = await evaluator.EvaluateAsync("a", Request([DealtShares.Points(1)[0].ToArray()]), default);

        Assert.Equal(isServed ? EvaluationOutcome.Evaluated : EvaluationOutcome.NoMember, answer.Outcome);
        Assert.Equal(isServed ? 9 : 10, allowance.Left);
        if (!isServed)
        {
            Assert.Contains($"a is {role} in the roster, version 1", answer.Error, StringComparison.Ordinal);
        }
    }

    private static KeyShare KeyShareOfOne(out VoprfSecretKey whole)
    {
        whole = VoprfSecretKey.DeriveFromSeed(RandomNumberGenerator.GetBytes(VoprfSecretKey.SeedSize), "voprf/tel/1"u8);
        var key = SharedKey.OfOne(new SellerScheme(SellerIdentifierType.Telephone, 1), "b", whole.PublicKey);
        return KeyShare.TryCreate(key, 1, whole, out var share, out var error) ? share : throw new InvalidOperationException(error);
    }

    private sealed class Allowance(int left) : ITagAllowance
    {
        public int Left { get; private set; } = left;

        public Task<BeyondQuota?> TakeAsync(string member, SharedKey key, int elements)
        {
            if (elements > Left)
            {
                return Task.FromResult<BeyondQuota?>(new BeyondQuota("too much", TimeSpan.FromSeconds(9)));
            }

            Left -= elements;
            return Task.FromResult<BeyondQuota?>(null);
        }
    }

    private static EvaluateMessage Request(byte[][] points) => new() { Type = "tel", Epoch = 1, Blinded = points };

    private LocalSellerEvaluator Evaluator(string holder, out HeldShares shares, ITagAllowance? allowance = null)
    {
        shares = new HeldShares(_dealt.CopyOf(holder));
        return new LocalSellerEvaluator(
            shares, Board(), new SharedKeys(Board()), allowance ?? new NoAllowance(), NullLogger<LocalSellerEvaluator>.Instance);
    }

    private RosterBoard Board()
    {
        using var coalition = new PeerCoalition();
        NodeIdentity identity = coalition.IdentityOf("b");
        RosterDocument roster = coalition.Roster("https://127.0.0.1:1") with { SellerKeys = [SellerKey.Of(_dealt.Key)] };
        return new RosterBoard(identity, roster);
    }

    private void Install(string holder)
    {
        using var passphrase = SharePassphrase.OfNodeOrNew(_folder, s_config);
        ShareFiles.Write(_folder.SellerKeyFolder, _dealt.ShareOf(holder), passphrase);
    }
}
