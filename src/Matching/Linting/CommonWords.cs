using System.Collections.Frozen;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Linting;

/// <summary>Words that stand in normal offers everywhere, of the languages in which most of the coalition's offers are written.</summary>
internal static class CommonWords
{
    private const string Words =
        // English
        "about above after again against also animal animals antique around available baby back beautiful because before best "
        + "better between black blue bird book both bowl box boxes brand bring brown build business call cash cheap check city "
        + "clean colour color come condition contact could craft cream custom dark date deal delivery describe description "
        + "different down each east email every excellent exchange express facebook family fast female first food free fresh "
        + "from full genuine gift give gold good great green hand handmade have heavy help here high home house include "
        + "included including inquiry item items just keep kind know large last left light like limited link listing little "
        + "live local long look looking love made mail main make male many market material message middle mint money month "
        + "more most much must name natural near need needs never next nice north number offer offers once online only open "
        + "order original other over pack paid pair part party payment paypal people perfect person phone photo photos "
        + "picture pictures piece pieces please post price prices private product products quality quick rare ready real "
        + "receive right round sale same save search sell seller selling send service shipped shipping shop show silver "
        + "single size small sold some south special stock store stuff such take text than thank thanks that them then there "
        + "these they thing things this those through time today together trade under used using very vintage visit want "
        + "wanted water website week well west what whatsapp wechat when where which white whole will with without wood "
        + "wooden work working world would year years yellow young your "
        // Chinese: what every offer has, in simplified characters as the tables make them
        + "出售 转让 二手 全新 包邮 现货 正品 微信 联系 价格 便宜 优惠 图片 实物 实拍 可以 我们 你们 他们 这个 那个 一个 没有 喜欢 "
        + "需要 购买 卖家 买家 支付 快递 发货 顺丰 质量 数量 颜色 大小 新品 特价 批发 零售 私聊 加我 电话 手机 号码 地址 朋友 咨询 "
        + "收藏 老货 手工 精品 天然 礼物 手串 项链 吊坠 手镯 商品 店铺 闲置 自用 "
        // French, German, Spanish, Portuguese, Italian, Dutch
        + "avec pour dans vendre vente prix neuf livraison gratuit bonne état aussi tous plus notre votre "
        + "verkaufe verkauf preis versand kostenlos zustand neue gebraucht bitte oder nicht eine sehr auch mehr "
        + "vendo venta precio envío gratis nuevo usado para como este esta todo todos bueno "
        + "venda preço novo frete grátis com muito mais vendita prezzo nuovo spedizione buono molto "
        + "koop prijs nieuw gratis verzenden "
        // Russian, Vietnamese, Indonesian
        + "продам продажа цена доставка новый новая бесплатно фото хорошее состояние очень можно этот "
        + "giá bán mới hàng chất lượng liên dijual harga baru murah barang kirim gratis bekas";

    private static readonly FrozenSet<string> s_words =
        Words.Split(' ').Select(word => Wlnorm.Normalize(word)).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether a keyword, normalised, is such a word.</summary>
    public static bool Contains(string keyword) => s_words.Contains(keyword);
}
