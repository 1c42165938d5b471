using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>How the secretariat's verbs make the next roster: in its folder, with its keys, running or stopped.</summary>
internal static class NextRoster
{
    /// <summary>How long a roster is good, in seconds: one year.</summary>
    public const long Lifetime = 366L * 86_400;

    /// <summary>Refuses a folder that is another member's.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="what">What only the secretariat does.</param>
    public static void RequireSecretariat(NodeFolder folder, string what)
    {
        if (folder.ReadConfig().Member is var member && member != Origin.Secretariat)
        {
            throw new CliException(
                ExitCode.BadFolder,
                $"{folder.Path} is not the secretariat's node but that of {member}: only the secretariat {what}.");
        }
    }

    /// <summary>The newest roster that the secretariat has signed.</summary>
    public static RosterDocument ReadCurrent(NodeFolder folder) =>
        RosterChain.TryWalk(
            folder.ReadRosters().Select(n => (ReadOnlyMemory<byte>)n), folder.ReadAnchor(), out var current, out var error)
        && current is not null
            ? current
            : throw new CliException(
                ExitCode.BadFolder, $"{folder.RosterFolder} holds no unbroken chain of rosters: {error ?? "it is empty"}");

    /// <summary>The next roster: it says the same, from now on.</summary>
    public static RosterDocument After(RosterDocument current)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return current with { Version = current.Version + 1, Issued = now, Expires = now + Lifetime };
    }

    /// <summary>The next roster, in which keys are new or in other hands: their holders get the role; quotas stay.</summary>
    public static RosterDocument WithKeys(RosterDocument current, IReadOnlyList<SellerKey> keys) => After(current) with
    {
        SellerKeys =
        [
            .. current.SellerKeys.Where(k => !keys.Any(k.MakesTagsOf)),
            .. keys.Select(k => k with { Quota = current.SellerKeyOf(k.Type, k.Epoch)?.Quota }),
        ],
        Members = [.. current.Members.Select(m => keys.Any(k => k.Holders.Contains(m.Name)) ? WithRole(m) : m)],
    };

    /// <summary>Signs the next roster, and checks it as every member will.</summary>
    public static byte[] Sign(NodeFolder folder, RosterDocument current, RosterDocument next)
    {
        using var keys = KeySet.Read(folder.SecretariatKeyFolder);
        var note = SignedNote.Sign(next.ToText(), [.. keys.Private.Take(next.Threshold)]);
        return RosterChain.TryOpenNext(note, current, out _, out var error)
            ? note
            : throw new CliException(ExitCode.Refused, $"The new roster would be refused: {error}");
    }

    private static RosterMember WithRole(RosterMember member) => member.Roles.Contains(RosterMember.KeyHolder)
        ? member
        : member with { Roles = member.Roles.Add(RosterMember.KeyHolder) };

    /// <summary>A running node publishes at once; a stopped one finds the file when it starts.</summary>
    public static async Task PublishAsync(NodeFolder folder, int version, byte[] note, CancellationToken cancel)
    {
        if (RunFile.TryRead(folder) is { } running)
        {
            using var client = new NodeClient(running.ApiUrl, folder.ReadApiKey(ApiRole.Operator));
            await client.PostAsync<RosterRequest, RosterView>(ApiRoutes.Roster, new RosterRequest(Encoding.UTF8.GetString(note)), cancel);
        }

        NodeFolder.WriteSecret(folder.RosterFile(version), note);
    }
}
