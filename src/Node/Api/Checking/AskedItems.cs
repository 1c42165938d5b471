using System.Runtime.InteropServices;
using FederationNode.Matching.Checking;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// The items of one request. What they stand in is used for one request after another, so that a request allocates little.
/// One thread at a time.
/// </summary>
internal sealed class AskedItems
{
    /// <summary>Items that are looked up together: what they take together stays in the cache of a core.</summary>
    public const int GroupSize = 128;

    [ThreadStatic]
    private static AskedItems? t_spare;

    private readonly List<AskedItem> _items = [];
    private readonly ItemVerdict[] _verdicts = new ItemVerdict[GroupSize];
    private readonly ItemVerdict[] _found = new ItemVerdict[GroupSize];
    private readonly Hash256[] _values = new Hash256[GroupSize];
    private readonly int[] _places = new int[GroupSize];

    /// <summary>The items so far.</summary>
    public ReadOnlySpan<AskedItem> All => CollectionsMarshal.AsSpan(_items);

    public int Count => _items.Count;

    /// <summary>Empty, and the caller's until <see cref="Return"/>.</summary>
    public static AskedItems Take()
    {
        var items = t_spare ?? new AskedItems();
        t_spare = null;
        return items;
    }

    public void Add(in AskedItem item) => _items.Add(item);

    public void Clear() => _items.Clear();

    /// <summary>Hands it back, without what was asked.</summary>
    public void Return()
    {
        Clear();
        Array.Clear(_verdicts);
        Array.Clear(_found);
        t_spare = this;
    }

    /// <summary>
    /// What the list says of the hashes and tags among up to <see cref="GroupSize"/> items, each at the place of its item. Texts
    /// and PDQ hashes are left to the caller: one of them may take long.
    /// </summary>
    public Span<ItemVerdict> LookUp(ListChecker checker, ReadOnlySpan<AskedItem> group)
    {
        var sellers = Collect(group, IndicatorKind.Seller);
        checker.CheckSellers(_values.AsSpan(0, sellers), _found);
        Spread(sellers);
        if (sellers < group.Length)
        {
            var images = Collect(group, IndicatorKind.ImageSha256);
            checker.CheckImages(_values.AsSpan(0, images), _found);
            Spread(images);
        }

        return _verdicts.AsSpan(0, group.Length);
    }

    private int Collect(ReadOnlySpan<AskedItem> group, string kind)
    {
        var count = 0;
        for (var i = 0; i < group.Length; i++)
        {
            ref readonly var item = ref group[i];
            if (item.Kind == kind)
            {
                (_values[count], _places[count]) = (item.Value, i);
                count++;
            }
        }

        return count;
    }

    private void Spread(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _verdicts[_places[i]] = _found[i];
        }
    }
}
