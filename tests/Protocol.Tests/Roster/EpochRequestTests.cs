using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Protocol.Tests.Roster;

public sealed class EpochRequestTests
{
    private static readonly SigningKey s_old = Demo.LogKey("alpha", "indicators");
    private static readonly SigningKey s_new = Demo.LogKey("alpha", "indicators", 2);
    private static readonly SigningKey s_receipts = Demo.LogKey("alpha", "receipts");
    private static readonly Hash256 s_root = Demo.Pin("any root");

    private static EpochRequest Request { get; } = new() { TlsPin = Demo.Pin("alpha"), Key = s_new.VerificationKey };

    [Fact]
    public void TryOpen_SignedRequest_IsTheRequest()
    {
        Assert.True(EpochRequest.TryOpen(Request.Sign([s_new, s_old]), out var request, out var note, out var error), error);

        Assert.Equal(Request, request);
        Assert.Equal("demo/alpha/indicators/2", request.Origin.Text);
        Assert.Equal(2, note.Signatures.Length);
        Assert.Equal(Hash256.Of(s_new.VerificationKey.PublicKey).ToString(), request.Fingerprint);
    }

    [Fact]
    public void TryOpen_NotSignedByTheNewKey_IsRefused()
    {
        AssertRefused(Request.Sign([s_old]));
        AssertRefused(Request.Sign([Demo.Key(s_new.VerificationKey.Name, 0x11)]));
    }

    [Fact]
    public void TryOpen_AnyFlippedBit_IsRefused()
    {
        var note = Request.Sign([s_new]);
        for (var at = 0; at < note.Length; at++)
        {
            note[at] ^= (byte)(1 << (at % 8));
            AssertRefused(note);
            note[at] ^= (byte)(1 << (at % 8));
        }
    }

    [Fact]
    public void TryOpen_ArbitraryBytes_NeverThrow()
    {
        var valid = Request.Sign([s_new, s_old]);
        Hostile.Bytes(valid).Sample(bytes =>
        {
            var opened = EpochRequest.TryOpen(bytes, out var request, out _, out var error);
            Assert.Equal(opened, request is not null);
            Assert.Equal(opened, error is null);
        });
    }

    [Theory]
    [InlineData("demo/alpha/indicators/1")]
    [InlineData("demo/secretariat/roster/2")]
    [InlineData("demo/alpha/other/2")]
    [InlineData("demo/alpha/indicators")]
    [InlineData("demo/alpha/indicators/02")]
    public void TryOpen_KeyOfALogThatGetsNoEpoch_IsRefused(string name)
    {
        var key = Demo.Key(name, 0x11);
        AssertRefused((Request with { Key = key.VerificationKey }).Sign([key]));
    }

    [Fact]
    public void TryOpen_OtherHeaderOrNoteBeyondTheLimit_IsRefused()
    {
        var text = System.Text.Encoding.UTF8.GetString(Request.Sign([s_new])).Split("\n\n")[0] + "\n";
        AssertRefused(SignedNote.Sign(text.Replace("epoch/1", "epoch/2", StringComparison.Ordinal), s_new));
        AssertRefused(SignedNote.Sign(text.TrimEnd('\n') + new string(' ', EpochRequest.MaxNote) + "\n", s_new));
    }

    [Fact]
    public void Close_Granted_ClosesTheLogAndOpensTheNextAndFollows()
    {
        Assert.True(TryPlan(Request, [s_new, s_old], out var step, out var error), error);
        Assert.Equal((true, false, false), (step!.IsVouched, step.ChangesTlsPin, step.NeedsFingerprint));

        var next = step.Close(7, s_root, Demo.Issued + 1, Demo.Issued + 100);

        var alpha = next.Member("alpha")!;
        Assert.Equal(new LogHead("demo/alpha/indicators/1", 7, s_root), alpha.Logs.Single(l => l.Origin == step.Old.Origin).ClosedAt);
        Assert.Equal(Request.Key, alpha.OpenLog("indicators")!.Key);
        Assert.True(RosterChain.TryOpenNext(Demo.Sign(next, 1, 2), Demo.First, out _, out error), error);
    }

    [Fact]
    public void TryPlan_SignedByNobodyKnown_NeedsTheFingerprint()
    {
        AssertNeedsFingerprint(Request, [s_new]);
        AssertNeedsFingerprint(Request, [s_new, Demo.LogKey("beta", "receipts")]);
        AssertNeedsFingerprint(Request with { TlsPin = Demo.Pin("other") }, [s_new, s_old]);
    }

    [Fact]
    public void TryPlan_LogThatForked_ItsKeyVouchesForNothing()
    {
        static bool Frozen(string origin) => origin == "demo/alpha/indicators/1";

        Assert.True(TryPlan(Request, [s_new, s_old], out var step, out var error, isFrozen: Frozen), error);
        Assert.True(step!.NeedsFingerprint);
        Assert.True(TryPlan(Request, [s_new, s_old, s_receipts], out step, out error, isFrozen: Frozen), error);
        Assert.False(step!.NeedsFingerprint);
    }

    [Fact]
    public void TryPlan_TlsKey_ComesIntoTheRoster()
    {
        Assert.True(TryPlan(Request with { TlsPin = Demo.Pin("other") }, [s_new], out var step, out var error), error);
        Assert.Equal(Demo.Pin("other"), step!.Close(0, s_root, Demo.Issued, Demo.Issued + 1).Member("alpha")!.TlsPin);
    }

    [Fact]
    public void TryPlan_WhatCannotBeGranted_SaysWhy()
    {
        AssertRefused("beta is not in the roster", Keyed("demo/beta/indicators/2"));
        AssertRefused("is for a log of other", Keyed("other/alpha/indicators/2"));
        AssertRefused("The epoch after demo/alpha/indicators/1 is 2", Keyed("demo/alpha/indicators/3"));
        AssertRefused("names no indicators log of secretariat", Keyed("demo/secretariat/indicators/2"));
        AssertRefused("stands in the trust anchor", Keyed("demo/secretariat/receipts/2"));
        AssertRefused("is in the roster already", SameKeyAs(s_receipts, s_new.VerificationKey.Name));
        AssertRefused("is in the roster already", SameKeyAs(Demo.SecretariatKey(3), s_new.VerificationKey.Name));

        foreach (var status in (MemberStatus[])[MemberStatus.Suspended, MemberStatus.Expelled])
        {
            var without = Demo.First.With("alpha", m => m with { Status = status });
            AssertRefused($"alpha is {status.ToString().ToLowerInvariant()}", s_new, without);
        }

        var closed = Demo.First.With("alpha", m => m with
        {
            Logs = [m.Logs[0] with { ClosedAt = new LogHead(m.Logs[0].Origin.Text, 3, s_root) }, m.Logs[1]],
        });
        AssertRefused("demo/alpha/indicators/1 is closed already, at size 3", s_new, closed);

        Assert.True(TryPlan(Request, [s_new], out var step, out _));
        AssertRefused("demo/alpha/indicators/2 is in the roster already", s_new, step!.Close(0, s_root, 1, 2));
    }

    [Fact]
    public void TryPlan_ForgedSignatureOfAKnownKey_IsRefused()
    {
        var forger = Demo.Key(s_old.VerificationKey.Name, 0x11);
        var note = System.Text.Encoding.UTF8.GetString(Request.Sign([s_new, s_old]));
        var forged = note.Split('\n')[^2].Split(' ')[^1];
        var signature = Convert.FromBase64String(forged);
        forger.Sign("anything"u8).CopyTo(signature.AsSpan(4));
        var bytes = System.Text.Encoding.UTF8.GetBytes(
            note.Replace(forged, Convert.ToBase64String(signature), StringComparison.Ordinal));

        Assert.True(EpochRequest.TryOpen(bytes, out var request, out var opened, out var error), error);
        Assert.False(EpochStep.TryPlan(Demo.First, request, opened, _ => false, out _, out error));
        Assert.Contains("is bad", error, StringComparison.Ordinal);
    }

    private static SigningKey Keyed(string name) => Demo.Key(name, 0x11);

    private static SigningKey SameKeyAs(SigningKey key, string name) =>
        SigningKey.FromSeed(name, Convert.FromBase64String(key.ExportText().Split('+', 5)[4]).AsSpan(1));

    private static bool TryPlan(
        EpochRequest request,
        IReadOnlyList<SigningKey> signers,
        out EpochStep? step,
        out string? error,
        RosterDocument? roster = null,
        Func<string, bool>? isFrozen = null)
    {
        Assert.True(EpochRequest.TryOpen(request.Sign(signers), out var opened, out var note, out error), error);
        return EpochStep.TryPlan(roster ?? Demo.First, opened, note, isFrozen ?? (_ => false), out step, out error);
    }

    private static void AssertNeedsFingerprint(EpochRequest request, IReadOnlyList<SigningKey> signers)
    {
        Assert.True(TryPlan(request, signers, out var step, out var error), error);
        Assert.True(step!.NeedsFingerprint);
    }

    private static void AssertRefused(string says, SigningKey key, RosterDocument? roster = null)
    {
        Assert.False(TryPlan(Request with { Key = key.VerificationKey }, [key], out var step, out var error, roster));
        Assert.Null(step);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    private static void AssertRefused(byte[] note)
    {
        Assert.False(EpochRequest.TryOpen(note, out var request, out var opened, out var error));
        Assert.Null(request);
        Assert.Null(opened);
        Assert.NotEmpty(error);
    }
}
