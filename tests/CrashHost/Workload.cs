using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.CrashHost;

/// <summary>What the process appends: request n is the same whenever and by whichever process it is made.</summary>
public static class Workload
{
    public const string Log = "demo/a/indicators/1";

    /// <summary>From this request on each has as many entries as a request may have.</summary>
    public const int FirstLarge = 1000;

    public static SigningKey Key { get; } = SigningKey.FromSeed(Log, new byte[SigningKey.SeedSize]);

    public static NodeIdentity Identity { get; } = MakeIdentity();

    /// <summary>Some requests seal a bundle or two; most are small, so that many keys are used soon.</summary>
    public static int CountOf(int request) => request >= FirstLarge
        ? Limits.MaxAppendEntries
        : (request % 8) switch
        {
            0 => 300,
            4 => 3,
            _ => 1,
        };

    public static string KeyOf(int request) => string.Create(CultureInfo.InvariantCulture, $"request-{request}");

    public static AppendRequest Request(int request) =>
        new([.. Enumerable.Range(0, CountOf(request)).Select(i => Entry(request, i))], KeyOf(request));

    public static NewEntry Entry(int request, int number)
    {
        var head = new LogHead(ForeignWorkload.Log, (request * 10_000L) + number + 1, Hash256.Of([1]));
        return new NewEntry(EntryKind.Heartbeat, new HeartbeatPayload([head]).Encode());
    }

    private static NodeIdentity MakeIdentity()
    {
        var secretariat = ForeignWorkload.Key.VerificationKey;
        var anchor = new TrustAnchor
        {
            Coalition = "demo",
            Threshold = 1,
            SecretariatKeys = [secretariat],
            RosterLogKey = secretariat,
            Endpoint = "https://127.0.0.1:1",
            TlsPin = Hash256.Of([2]),
        };
        return new NodeIdentity(anchor, "a", [Key]);
    }
}
