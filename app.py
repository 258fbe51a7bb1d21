"""The app's navigation: one page per question a reader has, in the order they would ask."""

import streamlit as st

from pages.ui import warm

st.set_page_config(page_title="PRH Explorer", page_icon="🏛️", layout="wide")

page = st.navigation(
    [
        st.Page("pages/what_is_in_here.py", title="What is in here?", default=True),
        st.Page("pages/do_language_and_vision_meet.py", title="Do language and vision meet?"),
        st.Page("pages/does_it_predict_skill.py", title="Does it predict skill?"),
        st.Page("pages/do_strong_models_agree.py", title="Do strong models agree?"),
        st.Page("pages/is_it_color_deep.py", title="Is it color-deep?"),
        st.Page("pages/do_denser_captions_help.py", title="Do denser captions help?"),
        st.Page("pages/local_or_global.py", title="Local or global?"),
        st.Page("pages/which_layers.py", title="Which layers?"),
        st.Page("pages/does_the_metric_matter.py", title="Does the metric matter?"),
        st.Page("pages/why_should_it_happen.py", title="Why should it happen?"),
    ]
)
warm.up()
page.run()
