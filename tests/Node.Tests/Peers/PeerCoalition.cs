using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Tests.Peers;

/// <summary>A coalition of two, "a" who dials and "b" who listens, and the boards on which both read of it.</summary>
internal sealed class PeerCoalition : IDisposable
{
    public const string Log = "demo/a/indicators/1";

    private static readonly SigningKey s_logKey = SigningKey.FromSeed(Log, new byte[32]);

    public PeerCertificate A { get; } = PeerCertificate.Generate("demo/a");

    public PeerCertificate B { get; } = PeerCertificate.Generate("demo/b");

    public static byte[] CheckpointOf(long size) => CheckpointOf(Log, size, s_logKey);

    /// <summary>A checkpoint of any log, by any key.</summary>
    public static byte[] CheckpointOf(string log, long size, SigningKey key) =>
        new Protocol.Notes.Checkpoint(log, size, Hash256.Of([1])).Sign(key);

    public static LogStatus StatusOf(long size) => new(
        Log, size, Hash256.Of([1]), size, Hash256.Of([1]), size == 0 ? [] : CheckpointOf(size), size, Hash256.Of([1]));

    /// <summary>A member with the key of its one log.</summary>
    public NodeIdentity IdentityOf(string member) => new(
        new TrustAnchor
        {
            Coalition = "demo",
            Threshold = 1,
            SecretariatKeys = [s_logKey.VerificationKey],
            RosterLogKey = s_logKey.VerificationKey,
            Endpoint = "https://127.0.0.1:1",
            TlsPin = B.Pin,
        },
        member,
        [KeyOf(member)]);

    /// <summary>What a member knows before any roster: nothing but who it is.</summary>
    public RosterBoard BoardOf(string member) => new(IdentityOf(member));

    public static SigningKey KeyOf(string member) =>
        SigningKey.FromSeed($"demo/{member}/indicators/1", member == "a" ? new byte[32] : Hash256.Of("b"u8).Span);

    public RosterDocument Roster(string endpointOfB, Hash256? pinOfA = null, Hash256? pinOfB = null,
        MemberStatus statusOfA = MemberStatus.Active, string endpointOfA = "") => new()
        {
            Coalition = "demo",
            Version = 1,
            Issued = 0,
            Expires = 1,
            Threshold = 1,
            SecretariatKeys = [s_logKey.VerificationKey],
            Members =
            [
                Member("a", endpointOfA, pinOfA ?? A.Pin) with
                {
                    Status = statusOfA,
                    Logs = [new RosterLog(Origin.Parse(Log), s_logKey.VerificationKey)],
                },
                Member("b", endpointOfB, pinOfB ?? B.Pin),
            ],
        };

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }

    private static RosterMember Member(string name, string endpoint, Hash256 pin) => new()
    {
        Name = name,
        Endpoint = endpoint,
        TlsPin = pin,
        Roles = ["member"],
        Logs = ImmutableArray<RosterLog>.Empty,
    };
}

/// <summary>Puts things on the boards, which otherwise only grains may do.</summary>
internal static class Boards
{
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Put")]
    public static extern void Put(this RosterBoard board, RosterDocument roster);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Put")]
    public static extern void Put(this HeadBoard board, LogStatus status);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Confirm")]
    public static extern void Confirm(this HeadBoard board, string origin);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Change")]
    public static extern void Change(this LinkBoard board, string member, Func<LinkStatus, LinkStatus> change);
}
