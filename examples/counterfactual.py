"""What alone would convince the network? python examples/counterfactual.py writes a picture."""

import torch

from seewhy import HierarchicalOcclusion
from seewhy.demo.columns import from_display
from seewhy.demo.photographs import SIZE, class_names, photographs
from seewhy.demo.torch import network
from seewhy.visual import edited_image, grid_image

net, names = network(), class_names()
photo = next(photo for photo in photographs() if photo.name == "rocket")
x = torch.from_numpy(from_display(photo.image))[None]
label = int(net(x).argmax())

pictures, titles = [], []
for direction in ("reveal", "hide"):
    search = HierarchicalOcclusion(net, torch.nn.Softmax(dim=-1), direction=direction)
    ((found,),) = search(x, label)
    print(f"{names[label]}, {found.output:.2f}, to {direction}: {found.reason or 'found'}")
    if found.region is None:
        continue
    for layer in (*found.layers, found.region):
        pictures.append(edited_image(photo.image, layer.boxes, (SIZE, SIZE), direction == "reveal"))
        titles.append(f"{direction}: {layer.output:.2f}, {layer.area:.1%}")
        print(f"  {len(layer.boxes)} boxes, {layer.area:.1%} of the image: {layer.output:.2f}")
grid_image([pictures], [photo.image], [titles]).save("counterfactual.png")
print("Now look at counterfactual.png")
