using System.Globalization;
using FederationNode.Contracts.Sellers;
using FederationNode.Grains;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Node.Sellers;

/// <summary>Counts durably, one grain a member, type and epoch, against the limits of the roster in force.</summary>
internal sealed partial class QuotaAllowance(
    IGrainFactory grains,
    RosterBoard roster,
    QuotaBoard board,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<QuotaAllowance> logger) : ITagAllowance
{
    /// <inheritdoc/>
    public async Task<BeyondQuota?> TakeAsync(string member, SharedKey key, int elements)
    {
        var (type, epoch) = (key.Scheme.Type.Name, key.Scheme.Epoch);
        var quota = roster.Current?.QuotaOf(member, type, epoch) ?? TagQuota.Default;
        var taken = await grains.GetGrain<ITagQuotaGrain>(TagQuotaGrain.KeyOf(member, type, epoch))
            .TakeAsync(elements, quota.Day, quota.Minute);
        if (taken.Limit is not { } limit)
        {
            QuotaBoard.Granted(member, elements);
            return null;
        }

        var wait = TimeSpan.FromSeconds(taken.RetryAfterSeconds);
        var again = (clock.GetUtcNow() + wait).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var most = limit == "day" ? quota.Day : quota.Minute;
        board.Refused(member, key.Scheme, limit, most, elements);
        LogRefused(member, elements, key.Scheme, limit, most, taken.Left);
        return new BeyondQuota(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{member} may have {most} tags {key.Scheme} a {limit}; {taken.Left} are left and {elements} were asked for. There are "
                    + $"more from {again} on."),
            wait);
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "{Member} asked for {Elements} tags {Scheme} and was refused: of {Most} a {Limit} {Left} are left.")]
    private partial void LogRefused(
        string member, int elements, Protocol.Sellers.SellerScheme scheme, string limit, long most, long left);
}
