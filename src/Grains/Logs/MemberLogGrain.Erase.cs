using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;

namespace FederationNode.Grains.Logs;

/// <content>
/// Erasure. The order is an entry of the log and was applied before anybody comes here; who says that all of it was carried
/// out is not this grain, which only answers for its own rows.
/// </content>
public sealed partial class MemberLogGrain
{
    /// <inheritdoc/>
    public async Task<EraseResult> EraseAsync(IReadOnlyList<long> indexes)
    {
        if (_damage is not null)
        {
            return new EraseResult(0, _damage.Message);
        }

        var number = indexes.Count == 0 ? 0 : indexes[0] / HeadEdge.Width;
        if (indexes.Any(i => i < 0 || i >= _log.Size || i / HeadEdge.Width != number))
        {
            throw new ArgumentException(
                $"Entries of one bundle that are held are erased together: {_origin} has {_log.Size}.", nameof(indexes));
        }

        try
        {
            await EraseInOutlineAsync(indexes);
            var removed = indexes.Count == 0 ? 0 : await _log.EraseAsync(number, indexes);
            return new EraseResult(removed, null);
        }
        catch (CorruptStateException damage)
        {
            // A sealed row is mended with what a peer has; then it is this order's turn again.
            _damages.Note(damage);
            return new EraseResult(0, damage.Message);
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
            return new EraseResult(0, "Another writer works on the log.");
        }
        catch (StorageException failure)
        {
            // The head may have been written: what this activation believes may be out of date.
            LogEraseFailed(_origin, failure);
            DeactivateOnIdle();
            return new EraseResult(0, failure.Message);
        }
    }

    /// <summary>What is kept of an outline may have whole what was alive when it was made.</summary>
    private async Task EraseInOutlineAsync(IReadOnlyList<long> indexes)
    {
        var parts = _outline.Parts;
        for (var i = 0; i < parts.Length; i++)
        {
            var (from, end) = (parts[i], i + 1 < parts.Length ? parts[i + 1] : _outline.End);
            var within = indexes.Where(e => e >= from && e < end).ToHashSet();
            if (within.Count == 0)
            {
                continue;
            }

            var (part, etag, damage) = await _rows.ReadDisposableAsync<OutlinePartRow>(
                LogRowKind.OutlinePart, PartKey(from), row => FaultOf(row, from));
            if (damage is not null)
            {
                // It is of no use any more, and comes again from a peer.
                LogOutlineLost(_origin, damage);
                await DropOutlineAsync();
                return;
            }

            var whole = part.Whole.Select((entry, at) =>
                within.Contains(part.Indexes[at]) && (entry.Salt is not null || entry.Payload is not null)
                    ? new TailEntry { Leaf = entry.Leaf } : entry).ToArray();
            if (!whole.SequenceEqual(part.Whole))
            {
                part.Whole = whole;
                await _rows.WriteAsync(LogRowKind.OutlinePart, PartKey(from), part, etag);
            }
        }
    }
}
