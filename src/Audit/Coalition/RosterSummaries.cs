using FederationNode.Audit.Report;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>A roster as the report shows it.</summary>
internal static class RosterSummaries
{
    public static RosterSummary? Of(RosterDocument? roster) => roster is null
        ? null
        : new RosterSummary(
            roster.Coalition,
            roster.Version,
            roster.Issued,
            roster.Expires,
            roster.Threshold,
            roster.SecretariatKeys.Length,
            [.. roster.Members.Select(Of)]);

    private static MemberSummary Of(RosterMember member) => new(
        member.Name,
        member.Status switch
        {
            MemberStatus.Active => "active",
            MemberStatus.Suspended => "suspended",
            _ => "expelled",
        },
        member.Roles,
        [.. member.Logs.Select(l => l.Origin.Text)]);
}
