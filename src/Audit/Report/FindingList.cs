using System.Globalization;

namespace FederationNode.Audit.Report;

/// <summary>
/// The findings of one copy of one log. Bounded, since a hostile log can hold a fault in every entry; the weight of
/// those left out is kept.
/// </summary>
internal sealed class FindingList(string origin, string source)
{
    private const int MaxListed = 1000;

    private readonly List<Finding> _listed = [];
    private long _leftOut;
    private Severity _heaviestLeftOut;

    public string Origin { get; } = origin;

    public string Source { get; } = source;

    public bool HasFault => _listed.Any(f => f.Severity == Severity.Fault) || _heaviestLeftOut == Severity.Fault;

    /// <summary>Whether a fault names one of these entries; an empty range is its first entry.</summary>
    public bool HasFaultWithin(long first, long end) => _listed.Any(
        f => f.Severity == Severity.Fault && f.Index >= first && f.Index < Math.Max(end, first + 1));

    public bool IsFull => _listed.Count >= MaxListed;

    public void Add(Severity severity, string kind, long? index, string explanation) =>
        Add(new Finding(severity, kind, Origin, index, explanation, Source));

    public void Add(Finding finding)
    {
        if (IsFull)
        {
            _leftOut++;
            _heaviestLeftOut = finding.Severity > _heaviestLeftOut ? finding.Severity : _heaviestLeftOut;
            return;
        }

        _listed.Add(finding);
    }

    public IReadOnlyList<Finding> ToList()
    {
        if (_leftOut == 0)
        {
            return [.. _listed];
        }

        var more = string.Create(
            CultureInfo.InvariantCulture, $"{_leftOut} more findings of this log are not listed.");
        return [.. _listed, new Finding(_heaviestLeftOut, FindingKind.MoreFindings, Origin, null, more, Source)];
    }
}
