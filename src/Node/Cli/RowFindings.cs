using System.Globalization;
using FederationNode.Audit.Report;
using FederationNode.Grains.Storage;

namespace FederationNode.Node.Cli;

/// <summary>
/// What an audit finds in the rows of a stopped node. Bounded: a database that was overwritten has a fault in every
/// row.
/// </summary>
/// <param name="place">The node's folder.</param>
internal sealed class RowFindings(string place)
{
    private const int MaxListed = 1000;

    private readonly List<Finding> _listed = [];
    private long _leftOut;

    public string Place => place;

    public void Add(Finding finding)
    {
        if (_listed.Count < MaxListed)
        {
            _listed.Add(finding);
        }
        else
        {
            _leftOut++;
        }
    }

    /// <summary>Notes a damaged row of a log, or of none.</summary>
    public void AddDamage(string origin, long? first, string explanation) =>
        Add(new Finding(Severity.Fault, FindingKind.RowDamaged, origin, first, explanation, place));

    public IReadOnlyList<Finding> ToList() => _leftOut == 0 ? _listed :
    [
        .. _listed,
        new Finding(
            Severity.Fault, FindingKind.MoreFindings, "", null,
            string.Create(CultureInfo.InvariantCulture, $"{_leftOut} more findings in rows are not listed."), place),
    ];

    /// <summary>Reads a row, and notes it if it is damaged. Returns whether there is one.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="origin">The log that it is about, or empty.</param>
    /// <param name="take">Takes a sound row, and says without a full stop what is wrong in it, or null.</param>
    /// <param name="first">The first entry that it concerns; null: the first of the log, if it is about one.</param>
    /// <param name="look">Looks at a row that could be read, and hears whether it is sound; or null.</param>
    public async Task<bool> TakeAsync<T>(
        AuditRows rows,
        string kind,
        string key,
        string origin,
        Func<T, string?> take,
        long? first = null,
        Action<T, bool>? look = null)
        where T : class
    {
        long? index = first ?? (origin.Length > 0 ? 0 : null);
        try
        {
            if (await rows.ReadAsync<T>(kind, key) is not { } row)
            {
                return false;
            }

            var damage = row.Damage ?? take(row.Value);
            if (damage is not null)
            {
                AddDamage(origin, index, new CorruptStateException(kind, key, damage).Message);
            }

            look?.Invoke(row.Value, damage is null);
        }
        catch (CorruptStateException unreadable)
        {
            AddDamage(origin, index, unreadable.Message);
        }

        return true;
    }
}
