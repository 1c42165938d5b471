using FederationNode.Protocol;

namespace FederationNode.Matching.Exact;

/// <summary>
/// The table whose rows <see cref="ExactIndex"/> finds. It holds the full keys, so that the index need not hold them a
/// second time. Readers of the index read it while its writer adds rows; the key of a row that is in the index
/// never changes.
/// </summary>
public interface IKeyRows
{
    /// <summary>The key of a row that was given to the index.</summary>
    /// <param name="row">The row, 0 or more.</param>
    ref readonly Hash256 KeyOf(int row);
}
