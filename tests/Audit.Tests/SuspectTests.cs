using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>Rows that a source knows to be damaged: what the trees show goes before what the source says.</summary>
public class SuspectTests
{
    private readonly TestLog _log = new("demo/alpha/indicators/1");

    public SuspectTests() => _log.AddListings(600);

    [Fact]
    public async Task Audit_SuspectWithAChangedEntry_NamesTheEntryAlone()
    {
        var source = new RowSource(_log.Source().Flip("tile/payloads/001", 5000))
        {
            Rows = [new SuspectEntries(256, 512, FindingKind.RowDamaged, "the row is torn")],
        };

        var fault = Assert.Single(await FaultsAsync(source));

        Assert.Equal(FindingKind.PayloadChanged, fault.Kind);
        Assert.InRange(fault.Index!.Value, 257, 511);
    }

    [Fact]
    public async Task Audit_SuspectWithoutAChangedEntry_IsSaidInItsOwnWords()
    {
        var source = new RowSource(_log.Source().Flip("tile/payloads/000", 5000))
        {
            Rows =
            [
                new SuspectEntries(599, 599, FindingKind.HeadDamaged, "the head is torn"),
                new SuspectEntries(256, 512, FindingKind.RowDamaged, "the row is torn"),
            ],
        };

        var faults = await FaultsAsync(source);

        Assert.Equal(
            [(FindingKind.RowDamaged, 256L, "the row is torn"), (FindingKind.HeadDamaged, 599L, "the head is torn")],
            faults.Skip(1).Select(f => (f.Kind, f.Index!.Value, f.Explanation)));
    }

    [Theory]
    [InlineData(false, FindingKind.RowDamaged)]
    [InlineData(true, FindingKind.TileMissing)]
    public async Task Audit_RowOfSeveralFiles_IsNamedOnce(bool gone, string kind)
    {
        var source = new RowSource(_log.Source()) { Torn = ["tile/entries/001", "tile/0/001"], Gone = gone };

        var fault = Assert.Single(await FaultsAsync(source));

        Assert.Equal((kind, 256L), (fault.Kind, fault.Index!.Value));
        Assert.Contains("row 1", fault.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_TwoDamagedRowsOfOneBundle_AreBothNamed()
    {
        var source = new RowSource(_log.Source()) { Torn = ["tile/entries/001", "tile/payloads/001"] };

        Assert.Equal([256, 256], (await FaultsAsync(source)).Select(f => f.Index!.Value));
    }

    private async Task<List<Finding>> FaultsAsync(ILogSource source)
    {
        var audit = await LogAuditor.AuditAsync(source, _log.Key.VerificationKey, CancellationToken.None);
        Assert.True(audit.Rebuilt);
        return [.. audit.Findings.Where(f => f.Severity == Severity.Fault)];
    }

    /// <summary>A copy that keeps its files in rows.</summary>
    private sealed class RowSource(MemorySource files) : ILogSource
    {
        public string Name => "rows";

        public string? Origin => null;

        public IReadOnlyList<SuspectEntries> Rows { get; init; } = [];

        public IReadOnlyList<string> Torn { get; init; } = [];

        public bool Gone { get; init; }

        public IReadOnlyList<SuspectEntries> Suspects => Rows;

        public Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
        {
            if (!Torn.Contains(path))
            {
                return files.ReadAsync(path, cancellationToken);
            }

            var row = path.Contains("payloads", StringComparison.Ordinal) ? "payload row 1" : "row 1";
            throw Gone ? new MissingRowException(row) : new InvalidDataException(row);
        }
    }
}
