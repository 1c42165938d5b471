using System.Text;
using FederationNode.TestSupport;

namespace FederationNode.EndToEnd.Tests.Egress;

/// <summary>What users wrote and showed, as a company has it: each piece is like nothing else, so that it can be found again.</summary>
internal static class MarkedData
{
    /// <summary>One telephone number as three systems of the company hold it.</summary>
    public static readonly string[] Phones = ["+86 138-7319-4402", "0086 (138) 7319 4402", "13873194402"];

    /// <summary>Too short to be a number of its region.</summary>
    public const string BadPhone = "+86 7731 9944";

    public const string Email = "Marked.Seller+7731@Mail.Example";

    public const string BadEmail = "marked seller7731@mail..example";

    public const string WeChat = "wx_marked_7731";

    /// <summary>A word that is in the text and in nothing else.</summary>
    public const string Word = "quillmarkenbosk";

    public const string Text = $"Selling an old carving of {Word}, ask +86 138-7319-4402 或加微信 wx_marked_7731 标记文字独一无二";

    public const string FileName = "marked-picture-7731.jpg";

    public const string Comment = "comment of a marked picture 7731";

    /// <summary>The caller's name for an item that is checked: handed back, kept nowhere.</summary>
    public const string CheckedId = "checked-item-7731-marked";

    /// <summary>In places where only programs write: addresses, headers, names of fields.</summary>
    public const string Misplaced = "misplaced-7731-marked";

    /// <summary>Of a listing that an analyst looks at: kept by the company's node for the analyst.</summary>
    public const string QueuedId = "queued-item-7731-marked";

    public const string Note = "an analyst wrote 7731 marked words";

    public const string OwnSeller = "own shop 7731 marked";

    /// <summary>What an analyst lists by mistake: it leaves, as all that is listed does.</summary>
    public const string PlantedWords = "planted words 7731 zorn";

    /// <summary>A picture of which nobody published anything, with a comment in it.</summary>
    public static byte[] Picture { get; } = WithComment(File.ReadAllBytes(CoalitionFixture.Sample("images", "wee.jpg")));

    /// <summary>What is neither kept by a node, nor said by it to anybody but the caller.</summary>
    public static LeakSearch OfUsers()
    {
        var search = new LeakSearch();
        string[] texts =
        [
            .. Phones, "+8613873194402", "8613873194402", BadPhone, "77319944", Email, Email.ToLowerInvariant(), BadEmail,
            BadEmail.Replace(" ", "", StringComparison.Ordinal), WeChat, Word, Text, "标记文字独一无二", FileName, Comment,
            CheckedId, Misplaced,
        ];
        foreach (var text in texts.Distinct())
        {
            search.Add(text);
        }

        // The file as a whole, hashed, and some of it as it is.
        search.AddBytes(Picture, "the picture");
        search.AddBytes(Picture[(Picture.Length / 2)..((Picture.Length / 2) + 24)], "a part of the picture");
        return search;
    }

    /// <summary>What stays in the company, and may be in its node's folder.</summary>
    public static LeakSearch OfTheCompany()
    {
        var search = new LeakSearch();
        foreach (var text in (string[])[QueuedId, Note, OwnSeller])
        {
            search.Add(text);
        }

        return search;
    }

    /// <summary>What must be found.</summary>
    public static LeakSearch Planted()
    {
        var search = new LeakSearch();
        search.Add(PlantedWords);
        return search;
    }

    private static byte[] WithComment(byte[] jpeg)
    {
        var comment = Encoding.ASCII.GetBytes(Comment);
        return [.. jpeg[..2], 0xff, 0xfe, 0, (byte)(comment.Length + 2), .. comment, .. jpeg[2..]];
    }
}
